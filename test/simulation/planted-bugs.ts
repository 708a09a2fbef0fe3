/**
 * Bugs for the simulation to find. Each rewrites one statement on its way to the database, as a careless edit of it would
 * have; the program itself has no switch for them.
 */
export interface PlantedBug {
  readonly name: string;
  /** Statements of the ledger, as they are given to SQLite. */
  readonly spoil: (statement: string) => string;
}

/** What the claim relies on that no work is paid for by two rows: gone, as if the index had never been made. */
const claimWithoutWorkKey: PlantedBug = {
  name: 'claim: two rows of the same work both pay',
  spoil: (statement) => statement.replace(/^create unique index attempts_work/u, 'create index attempts_work'),
};

/** The compare-and-set before the first byte: an attempt that is being sent, or was, may be sent again. */
const sendWithoutCompare: PlantedBug = {
  name: 'claim: an attempt may be sent by two processes',
  spoil: (statement) =>
    statement
      .replace(
        /(from "attempts" inner join "batches" .* where "attempts"."id" = \?) and "attempts"."state" = \?/u,
        '$1 and ? is not null',
      )
      .replace(
        /^(update "attempts" set "state" = \?, "sent_at" = \?.* where "id" = \?) and "state" = \?/u,
        '$1 and ? is not null',
      ),
};

/** The third task that is bound is not written down. */
const bindLost: PlantedBug = {
  name: 'bind: an id is lost',
  spoil: (statement) =>
    statement.replace(
      /^(insert into "tasks" \(.*\)) values \((.*)\)$/u,
      '$1 select $2 where (select count(*) from tasks) <> 2',
    ),
};

/** A task is bound to the attempt before the one that created it. */
const bindToNeighbour: PlantedBug = {
  name: 'bind: an id is bound to another attempt',
  spoil: (statement) =>
    statement.replace(
      /^(insert into "tasks" \("account", "id", "attempt".*\) values \(\?, \?, )\?/u,
      '$1max(1, ? - 1)',
    ),
};

/** Found within a seed or two. */
export const PLANTED_BUGS: readonly PlantedBug[] = [claimWithoutWorkKey, bindLost, bindToNeighbour];
/** Takes some dozens: two processes must be handed the same attempt in the same moment, and another claim must wait beside it. */
export const RARE_BUGS: readonly PlantedBug[] = [sendWithoutCompare];
