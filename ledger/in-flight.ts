import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';

/** A wait that ended is acted upon within this time; one that is not is held up, and no longer counts as in flight. */
const ACTED_UPON_MS = 5_000;
/** A message that is looked at again within this time is worth staying for. */
const SOON_MS = 15_000;

/**
 * What is in flight beside the driven states of items (contract section 4): uncertain items whose wait runs, messages about
 * to be looked at, and tasks that turned up for attempts given up, until they are too old to be watched closely.
 */
export async function inFlightBeside(
  db: Tx,
  at: { readonly batch: string; readonly lane: number | null },
  now: { readonly callbacksCome: boolean; readonly stalledAfterMs: number; readonly nowMs: number },
): Promise<{ readonly count: number; readonly nextAtMs: number | null }> {
  const { nowMs, callbacksCome } = now;
  const waits = await db
    .selectFrom('items')
    .innerJoin('attempts', 'attempts.id', 'items.attempt')
    .select((e) => [e.fn.countAll<number>().as('n'), e.fn.min('attempts.uncertain_until').as('at')])
    .where('items.batch', '=', at.batch)
    .$if(at.lane !== null, (query) => query.where('items.lane', '=', at.lane ?? 0))
    .where('items.state', '=', 'uncertain')
    .where('attempts.awaiting', '=', 1)
    .where('attempts.uncertain_until', '>', nowMs - ACTED_UPON_MS)
    .$if(!callbacksCome, (query) => query.where('attempts.called_back', '=', 0))
    .executeTakeFirstOrThrow();
  const orphans = await db
    .selectFrom('tasks')
    .select(sql<number>`count(*)`.as('n'))
    .where('batch', '=', at.batch)
    .$if(at.lane !== null, (query) => query.where('lane', '=', at.lane ?? 0))
    .where('state', '=', 'open')
    .where((e) =>
      e.or([
        e('orphan', '=', 1),
        // Given up but paid: its output is still collected.
        e.exists(
          e
            .selectFrom('items')
            .select('items.key')
            .whereRef('items.key', '=', 'tasks.item')
            .where('items.state', '=', 'skipped'),
        ),
      ]),
    )
    .where('created_at', '>', nowMs - now.stalledAfterMs)
    .executeTakeFirstOrThrow();
  const messages = await db
    .selectFrom('webhook_events')
    .innerJoin('attempts', 'attempts.id', 'webhook_events.attempt')
    .select((e) => [e.fn.countAll<number>().as('n'), e.fn.min('webhook_events.next_at').as('at')])
    .where('webhook_events.state', '=', 'stored')
    .where('webhook_events.next_at', '<', nowMs + SOON_MS)
    .where('attempts.batch', '=', at.batch)
    .$if(at.lane !== null, (query) => query.where('attempts.lane', '=', at.lane ?? 0))
    .executeTakeFirstOrThrow();
  return { count: Number(waits.n) + Number(orphans.n) + Number(messages.n), nextAtMs: earliest(waits.at, messages.at) };
}

function earliest(...times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null).map(Number);
  return known.length === 0 ? null : Math.min(...known);
}
