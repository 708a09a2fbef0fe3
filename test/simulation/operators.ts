import {
  cancelItems,
  openAccountGates,
  openBatchGates,
  openRound,
  pauseSpending,
  setBatchState,
  skipItem,
  stopIfUndriven,
} from '../../ledger/operator-steps.ts';
import { bindAttempt } from '../../ledger/bind-attempt.ts';
import type { Tx } from '../../ledger/open-ledger.ts';
import { freeItems } from '../../ledger/resting-items.ts';
import { resumeRows, type ResumeRow } from '../../ledger/resume-queries.ts';
import { collectAgain, endWaits, rejoinItem, retryItem } from '../../ledger/take-up-again.ts';
import { passTolerance } from '../../ledger/tolerance-steps.ts';
import { openUncertainGate, settleByHand, uncertainRow } from '../../ledger/uncertain-steps.ts';
import { mayBeSettledFromMs } from '../../ledger/uncertain-wait.ts';
import { judgeItem, type JudgeRules } from '../../operations/judge-item.ts';
import { maySkip } from '../../operations/skip.ts';
import type { ItemState } from '../../schemas/states.ts';
import type { ScenarioBatch } from './scenario.ts';
import { ACCOUNT } from './enter-scenario.ts';
import type { SimWorld } from './sim-world.ts';

const BY = 'ann';

/**
 * What people do through commands, by the same functions of the ledger that the commands use. Each is a short act of the
 * office; whether it is refused is part of what is simulated.
 */
async function pause(world: SimWorld, { id }: ScenarioBatch): Promise<void> {
  const at = { batch: id, account: ACCOUNT };
  const closed = await world.ledger.write(async (tx, nowMs) => {
    const row = await tx
      .selectFrom('batches')
      .select(['state', 'driver_until'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined || row.state === 'finished' || row.state === 'cancelled') return false;
    const paused = await pauseSpending(tx, at, BY, 'lunch', nowMs);
    if (paused && row.driver_until <= nowMs) await setBatchState(tx, id, 'paused', nowMs);
    return paused;
  });
  if (closed) world.trace.note('operator', `paused ${id}`);
}

/** `resume` of a whole batch, with everything it takes up; `all` names each item with it. */
export async function resume(
  world: SimWorld,
  batch: ScenarioBatch,
  how: { readonly budget?: null; readonly all?: boolean },
): Promise<void> {
  const { ledger } = world;
  const row = await ledger.db.selectFrom('batches').selectAll().where('id', '=', batch.id).executeTakeFirst();
  if (row === undefined) return;
  const rules = { batch: batch.id, again: false, only: null, someNamed: how.all === true, batchHeld: false };
  const rows = await resumeRows(ledger.db, batch.id);
  await ledger.write((tx, nowMs) =>
    openAccountGates(tx, ACCOUNT, ['authorisation', 'plan', 'unpaid', 'refused-alike'], BY, 'probed', nowMs),
  );
  await ledger.write((tx, nowMs) => passTolerance(tx, batch.id, BY, nowMs));
  await ledger.write(async (tx, nowMs) => {
    for (const item of rows) await takeUp(tx, { batch, item, round: row.round + 1 }, rules, nowMs);
  });
  const at = { batch: batch.id, account: ACCOUNT };
  await ledger.write(async (tx, nowMs) => {
    await endWaits(tx, batch.id, nowMs);
    await openBatchGates(tx, at, ['stopped', 'pause', 'budget', 'cancelled'], BY, 'resume', nowMs);
    await freeItems(tx, batch.id);
    const { budget } = how;
    const opening = { after: row.round, by: BY, detail: 'resume', ...(budget === undefined ? {} : { budget }) };
    await openRound(tx, at, opening, nowMs);
  });
  world.trace.note('operator', `resumed ${batch.id}`);
  world.drive(batch);
}

async function takeUp(
  tx: Tx,
  { batch, item, round }: { readonly batch: ScenarioBatch; readonly item: ResumeRow; readonly round: number },
  rules: JudgeRules,
  nowMs: number,
): Promise<void> {
  const at = { batch: batch.id, account: ACCOUNT };
  const paidFor = item.attemptState === 'bound' || (item.attemptState === 'settled' && item.attemptHasOutput);
  const judged = judgeItem({ ...item, named: rules.someNamed, paidFor }, rules);
  if (judged.kind === 'collect') await collectAgain(tx, item.key, nowMs);
  if (judged.kind === 'rejoin') await rejoinItem(tx, at, { key: item.key, item: item.id }, BY, nowMs);
  if (judged.kind !== 'retry') return;
  const retry = {
    key: item.key,
    item: item.id,
    from: item.state,
    attempt: item.attempt,
    round,
    salt: null,
    nextVersion: item.collected,
    reanalyse: judged.reanalyse,
    approves: judged.why,
  };
  await retryItem(tx, at, retry, BY, nowMs);
}

async function cancel(world: SimWorld, batch: ScenarioBatch, notStarted: boolean): Promise<void> {
  const how = { by: BY, reason: 'not wanted', notStarted };
  await world.ledger.write((tx, nowMs) => cancelItems(tx, { batch: batch.id, account: ACCOUNT }, how, nowMs));
  world.trace.note('operator', `cancelled ${batch.id}${notStarted ? ' (not started)' : ''}`);
  world.drive(batch);
}

export async function skip(world: SimWorld, batch: ScenarioBatch, item: string): Promise<void> {
  const row = await world.ledger.db
    .selectFrom('items')
    .select(['key', 'id', 'state'])
    .where('batch', '=', batch.id)
    .where('id', '=', item)
    .executeTakeFirst();
  if (row === undefined || !maySkip(row, batch.id).may) return;
  const at = { batch: batch.id, account: ACCOUNT, key: row.key, item };
  await world.ledger.write((tx, nowMs) => skipItem(tx, at, BY, 'given up', nowMs));
  world.trace.note('operator', `skipped ${item}`);
  world.drive(batch);
}

/**
 * `resolve`: a person who looked into the vendor's console, where the task is, or is not. Without a task it is called not
 * created, or paid again, once that is allowed.
 */
export async function resolve(
  world: SimWorld,
  batch: ScenarioBatch,
  item: string,
  otherwise: 'not-created' | 'pay-again',
): Promise<boolean> {
  const { ledger, scenario, vendor } = world;
  const row = await uncertainRow(ledger.db, batch.id, item);
  if (row === null) return false;
  world.byHand.add(row.attempt);
  const known = await ledger.db.selectFrom('tasks').select('id').execute();
  const seen = world.accepted.find(
    ({ attempt, task }) => attempt === row.attempt && !known.some(({ id }) => id === task),
  );
  if (seen !== undefined) {
    await ledger.write(async (tx, nowMs) => {
      const accepted = {
        taskId: seen.task,
        hold: null,
        createdAtMs: row.sentAtMs,
        firstPollAtMs: nowMs,
        resolution: row.resolution as '480p' | '720p',
        by: BY,
      };
      if ((await bindAttempt(tx, row.attempt, accepted, nowMs)) === 'bound')
        await openUncertainGate(tx, ACCOUNT, BY, nowMs);
    });
  } else {
    const nowMs = await ledger.now();
    if (nowMs < mayBeSettledFromMs(row.sentAtMs, scenario.requestTimeoutMs)) {
      world.byHand.delete(row.attempt);
      return false;
    }
    await ledger.write((tx, now) => settleByHand(tx, row, otherwise, BY, now));
  }
  world.trace.note(
    'operator',
    `resolved ${item}: ${seen === undefined ? otherwise : 'task id'} (${vendor.book.creates().length} tasks)`,
  );
  await ledger.write((tx, nowMs) => stopIfUndriven(tx, batch.id, nowMs));
  world.drive(batch);
  return true;
}

/** Now and then somebody does something while faults last. */
export function letPeopleAct(world: SimWorld): void {
  const { dice, time, scenario } = world;
  time.after(dice.between(2_000, 15_000), () => {
    if (!dice.active) return;
    if (!world.weather.away) world.office.run(() => void act(world, dice.pick(scenario.batches)));
    letPeopleAct(world);
  });
}

async function act(world: SimWorld, batch: ScenarioBatch | undefined): Promise<void> {
  const { dice } = world;
  if (batch === undefined) return;
  const item = dice.pick(batch.items)?.id ?? '';
  const what = dice.pick([
    'pause',
    'pause',
    'resume',
    'resume',
    'resume',
    'skip',
    'resolve',
    'resolve',
    'cancel',
    'nothing',
  ] as const);
  switch (what) {
    case 'pause':
      return pause(world, batch);
    case 'resume':
      return resume(world, batch, {});
    case 'skip':
      return skip(world, batch, item);
    case 'resolve': {
      const uncertain = await itemsIn(world, batch, 'uncertain');
      await resolve(world, batch, dice.pick(uncertain) ?? '', dice.whole(0, 1) === 0 ? 'not-created' : 'pay-again');
      return;
    }
    case 'cancel':
      return cancel(world, batch, dice.whole(0, 3) > 0);
    case 'nothing':
    case undefined:
      return;
    default:
      what satisfies never;
  }
}

export async function itemsIn(world: SimWorld, batch: ScenarioBatch, state: ItemState): Promise<string[]> {
  const rows = await world.ledger.db
    .selectFrom('items')
    .select('id')
    .where('batch', '=', batch.id)
    .where('state', '=', state)
    .orderBy('row')
    .execute();
  return rows.map(({ id }) => id);
}
