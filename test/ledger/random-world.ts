import { sql } from 'kysely';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { makeAccount, readyBatch } from './ledger-world.ts';
import type { World } from './random-worker.ts';

const EXPECTED = 15;
const OPEN_TASKS = 5;
export const MAX_UNCERTAIN = 3;

/**
 * Three batches of ready items on one account with low limits: the first has a budget for five creates, the second half of
 * the first's work keys, the third one budget so odd that it never comes out even.
 */
export async function makeWorld(
  ledger: Ledger,
  settings: { readonly items: number; readonly createPerSecond: number },
): Promise<World> {
  const account = await makeAccount(ledger, {
    openTasks: OPEN_TASKS,
    maxUncertain: MAX_UNCERTAIN,
    createPerSecond: settings.createPerSecond,
  });
  const keys = (from: number) => Array.from({ length: settings.items }, (_, i) => `${account}-work-${from + i}`);
  const made = [
    await readyBatch(ledger, account, settings.items, { budget: 5 * EXPECTED, keys: keys(0), expected: EXPECTED }),
    await readyBatch(ledger, account, settings.items, {
      keys: keys(Math.floor(settings.items / 2)),
      expected: EXPECTED,
    }),
    await readyBatch(ledger, account, settings.items, {
      budget: 7 * EXPECTED + 4.5,
      keys: keys(2 * settings.items),
      expected: EXPECTED,
    }),
  ];
  return { account, batches: made.map((one) => one.batch), expected: EXPECTED };
}

/** What must hold of the rows at any moment, whoever did what in which order; [] or what is broken. */
export async function brokenLimits(ledger: Pick<Ledger, 'db'>, world: World): Promise<string[]> {
  const { db } = ledger;
  const account = await db.selectFrom('accounts').selectAll().where('id', '=', world.account).executeTakeFirstOrThrow();
  // A second task that turns up for one attempt costs what it costs: it may pass the budget, and nothing is claimed after it.
  const batches = await db
    .selectFrom('batches')
    .select((e) => [
      'id',
      'budget',
      'committed',
      'charged',
      e
        .selectFrom('tasks')
        .select(sql<number>`coalesce(sum(coalesce(charged, expected)), 0)`.as('cost'))
        .whereRef('tasks.batch', '=', 'batches.id')
        .where('tasks.orphan', '=', 1)
        .as('orphans'),
    ])
    .where('id', 'in', world.batches)
    .execute();
  const broken: string[] = [];
  if (account.open_tasks > account.open_limit) broken.push(`${account.open_tasks} open of ${account.open_limit}`);
  for (const batch of batches) {
    if (batch.budget !== null && batch.committed - (batch.orphans ?? 0) > batch.budget)
      broken.push(`${batch.committed} committed of ${batch.budget}`);
    if (batch.charged > batch.committed) broken.push(`${batch.charged} charged of ${batch.committed} committed`);
  }
  return broken;
}

/** What the finished history of an account must show: every send a gap after the last, no work under way or paid twice. */
export async function brokenHistory(ledger: Ledger, world: World): Promise<string[]> {
  const { create_gap_ms: gapMs } = await ledger.db
    .selectFrom('accounts')
    .select('create_gap_ms')
    .where('id', '=', world.account)
    .executeTakeFirstOrThrow();
  const attempts = await ledger.db
    .selectFrom('attempts')
    .selectAll()
    .where('account', '=', world.account)
    .orderBy('id')
    .execute();
  const broken: string[] = [];
  const sent = attempts.flatMap((a) => (a.sent_at === null ? [] : [a.sent_at])).toSorted((a, b) => a - b);
  for (const [i, at] of sent.entries()) {
    if (i > 0 && at - sent[i - 1]! < gapMs) broken.push(`sends ${at - sent[i - 1]!} ms apart, the gap is ${gapMs}`);
  }
  const paid = Map.groupBy(
    attempts.filter((a) => a.state === 'bound' || (a.state === 'settled' && a.has_output === 1)),
    (a) => a.work_key,
  );
  for (const [key, all] of paid) if (all.length > 1) broken.push(`${key} was paid ${all.length} times`);
  return broken;
}
