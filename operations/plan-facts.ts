import type { Ledger } from '../ledger/open-ledger.ts';
import {
  analysedVideos,
  doneWork,
  knownRows,
  learntDurations,
  liveWork,
  type DoneRow,
} from '../ledger/plan-queries.ts';
import { standingDecisions } from '../ledger/picks.ts';
import type { AccountRow } from '../ledger/tables.ts';
import type { DoneWork, ExistingRow, KnownWork } from '../manifests/plan-rows.ts';
import type { Manifest } from '../schemas/manifest-item.ts';
import type { OutputStore } from '../storage/output-store.ts';

/** What the ledger and the store know that a plan depends on. */
export interface PlanFacts {
  readonly existing: ReadonlyMap<string, ExistingRow>;
  readonly work: KnownWork;
  /** Null when the account was never used here. */
  readonly account: AccountRow | null;
  readonly analysed: ReadonlySet<string>;
  readonly taskMs: number | null;
  readonly analysisMs: number | null;
}

export const NOTHING_KNOWN: PlanFacts = {
  existing: new Map(),
  work: { done: new Map(), gone: new Map(), live: new Map() },
  account: null,
  analysed: new Set(),
  taskMs: null,
  analysisMs: null,
};

export async function planFacts(
  ledger: Ledger,
  store: OutputStore,
  of: {
    readonly batch: string;
    readonly account: string;
    readonly manifest: Manifest;
    readonly ruleKeys: readonly string[];
  },
): Promise<PlanFacts> {
  const { db } = ledger;
  const account = (await db.selectFrom('accounts').selectAll().where('id', '=', of.account).executeTakeFirst()) ?? null;
  const rows = await knownRows(db, of.batch);
  const done = await doneWork(db, [...new Set(of.ruleKeys)]);
  const there = await filesThere(store, [...rows.map((row) => row.file), ...done.map((row) => row.file)]);
  const existing = new Map(
    rows.map((row): [string, ExistingRow] => [
      row.id,
      {
        id: row.id,
        state: row.state,
        ruleKey: row.ruleKey,
        salt: row.salt,
        version: row.version,
        reasonCode: row.reasonCode,
        paid: row.paid,
        collected: row.file !== null,
        outputThere: row.file !== null && there.has(row.file),
        attempt: row.attempt,
      },
    ]),
  );
  const own = new Set(of.manifest.items.map((item) => item.id));
  const live = (await liveWork(db, of.account)).filter((row) => row.batch !== of.batch || !own.has(row.item));
  const decisions = await standingDecisions(db, of.batch);
  const decided = new Map(decisions.map(({ item, ...decision }) => [item, decision]));
  const videos = [...new Set(of.manifest.items.map((item) => item.video))];
  return {
    existing,
    work: {
      ...sortDone(done, there),
      live: new Map(live.map((row) => [row.ruleKey, `${row.batch}/${row.item}`])),
      decided,
    },
    account,
    analysed: await analysedVideos(db, of.account, videos),
    ...(await learntDurations(db, of.account)),
  };
}

/** Work with a file that is there, and work of which no file is left. */
function sortDone(rows: readonly DoneRow[], there: ReadonlySet<string>): Pick<KnownWork, 'done' | 'gone'> {
  const done = new Map<string, DoneWork>();
  const gone = new Map<string, number[]>();
  for (const { ruleKey, file, ...work } of rows) if (there.has(file) && !done.has(ruleKey)) done.set(ruleKey, work);
  for (const { ruleKey, file, attempt } of rows) {
    if (there.has(file) || done.has(ruleKey)) continue;
    gone.set(ruleKey, [...new Set([...(gone.get(ruleKey) ?? []), attempt])]);
  }
  return { done, gone };
}

const AT_ONCE = 32;

async function filesThere(store: OutputStore, files: readonly (string | null)[]): Promise<Set<string>> {
  const wanted = [...new Set(files.filter((file) => file !== null))];
  const there = new Set<string>();
  for (let start = 0; start < wanted.length; start += AT_ONCE) {
    const some = wanted.slice(start, start + AT_ONCE);
    const heads = await Promise.all(some.map((file) => store.head(file)));
    some.forEach((file, index) => heads[index] !== null && there.add(file));
  }
  return there;
}
