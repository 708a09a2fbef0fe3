import type { ActivityDependencies, ServedAccount } from '../dependencies.ts';
import { servedAccount } from '../dependencies.ts';
import { BALANCE_EVERY_MS } from '../account-conditions.ts';
import { aboutToSettle } from '../../ledger/vendor-health.ts';
import { lockAccount, readMemory, writeMemory } from '../../ledger/account-row.ts';
import { recordEvent } from '../../ledger/events.ts';
import { closeGate, openGate, postponeProbe, relabelGate } from '../../ledger/gates.ts';
import { grow } from '../../ledger/pace.ts';
import { largestOutput } from '../../ledger/output-queries.ts';
import { anyUnpricedUncertain, fitsBudget, readyResolutions } from '../../ledger/budget-queries.ts';
import { expectPrice, type LearntPrices } from '../../ledger/pricing.ts';
import type { AccountRow, BatchRow, GateRow } from '../../ledger/tables.ts';
import { RESOLUTIONS } from '../../schemas/manifest-item.ts';

const UNWELL_PROBE_MS = 5_000;
/** Room kept for each output in flight until sizes are known; then twice the largest seen. */
const BYTES_PER_OUTPUT = 64 * 1024 * 1024;
const DISK_EVERY_MS = 5_000;
const OPEN_LIMIT_STEP_MS = 120_000;

/** Reopens what reopens by itself, closes what the batch's budget or the disk demand, lets paces grow. */
export async function tendGates(
  deps: ActivityDependencies,
  rows: { readonly account: AccountRow; readonly batch: BatchRow; readonly gates: readonly GateRow[] },
  nowMs: number,
): Promise<void> {
  const { account } = rows;
  const served = servedAccount(deps, account.id);
  for (const gate of rows.gates) {
    if (gate.scope !== 'account') continue;
    if (gate.name === 'credits' && (await creditsProbeDue(deps, gate, nowMs)))
      await probeCredits(deps, served, account, gate);
    if (gate.name === 'vendor-unwell' && (gate.probe_at ?? 0) <= nowMs) await probeVendor(deps, served, account);
    if (gate.name === 'uncertain' && account.uncertain < account.max_uncertain)
      await reopen(deps, account.id, 'uncertain', 'fewer creates are uncertain');
    if (gate.name === 'disk' && (gate.probe_at ?? 0) <= nowMs) await probeDisk(deps, account);
  }
  if (rows.gates.every((gate) => gate.name !== 'disk')) await tendDisk(deps, account);
  await tendBudget(deps, served, rows);
  await growPaces(deps, account, nowMs);
}

/** Holds that tie up the balance are looked at again whenever one of them may have gone. */
async function creditsProbeDue(deps: ActivityDependencies, gate: GateRow, nowMs: number): Promise<boolean> {
  if ((gate.probe_at ?? 0) <= nowMs) return true;
  const { openTasks = 0 } = JSON.parse(gate.memo) as { openTasks?: number };
  return openTasks > 0 && (await aboutToSettle(deps.ledger.db, gate.owner)) < openTasks;
}

/** Reads the balance, which is free; opens with one create as a probe when it covers the learnt hold. */
async function probeCredits(
  deps: ActivityDependencies,
  served: ServedAccount,
  account: AccountRow,
  gate: GateRow,
): Promise<void> {
  const balance = await served.client.balance();
  await deps.ledger.write(async (tx, nowMs) => {
    if (balance.kind === 'ok')
      await tx
        .updateTable('accounts')
        .set({ balance: balance.value, balance_at: nowMs })
        .where('id', '=', account.id)
        .execute();
    if (balance.kind === 'ok' && balance.value >= neededCredits(served, account)) {
      await openGate(
        tx,
        { scope: 'account', owner: account.id },
        'credits',
        { by: 'fleet', detail: `the balance is ${balance.value}`, probe: true },
        nowMs,
      );
      return;
    }
    const running = await aboutToSettle(tx, account.id);
    await relabelGate(
      tx,
      { scope: 'account', owner: account.id },
      'credits',
      running > 0
        ? { ...gate, memo: JSON.stringify({ openTasks: running }) }
        : {
            code: 'C101',
            reason:
              balance.kind === 'ok'
                ? `out of credits: the balance is ${balance.value}, a create needs ${neededCredits(served, account)}`
                : 'out of credits, and the balance could not be read',
            reopens: 'by itself within a minute after a top-up',
            memo: JSON.stringify({ openTasks: 0 }),
          },
      nowMs + BALANCE_EVERY_MS,
    );
  });
  deps.wakeUps.poke();
}

/** The largest hold learnt, else the largest price expected, else one credit. */
function neededCredits(served: ServedAccount, account: AccountRow): number {
  const learnt = JSON.parse(account.learnt_prices) as LearntPrices;
  const holds = RESOLUTIONS.map((resolution) => learnt[resolution]?.hold ?? 0);
  const prices = RESOLUTIONS.map((resolution) => expectPrice(served.prices, learnt, resolution).high);
  return Math.max(1, ...(Math.max(...holds) > 0 ? holds : prices));
}

async function probeVendor(deps: ActivityDependencies, served: ServedAccount, account: AccountRow): Promise<void> {
  const answer = await served.client.balance();
  const answered = answer.kind === 'ok' || answer.kind === 'refused';
  await deps.ledger.write(async (tx, nowMs) => {
    if (!answered) return postponeProbe(tx, account.id, 'vendor-unwell', nowMs + UNWELL_PROBE_MS);
    await tx.updateTable('accounts').set({ unwell_in_a_row: 0 }).where('id', '=', account.id).execute();
    await openGate(
      tx,
      { scope: 'account', owner: account.id },
      'vendor-unwell',
      { by: 'fleet', detail: 'the vendor answers a free call', probe: true },
      nowMs,
    );
  });
  deps.wakeUps.poke();
}

/** Creates stop before the disk is full: what is in flight must still find room (design D9). */
async function tendDisk(deps: ActivityDependencies, account: AccountRow): Promise<void> {
  const free = await deps.store.freeBytes().catch(() => null);
  if (free === null || free > BYTES_PER_OUTPUT * (account.open_tasks + 1)) return;
  const needed = await roomNeeded(deps, account);
  if (free > needed) return;
  const reason = `${deps.store.place} has ${megabytes(free)} MB left, and what is in flight may need ${megabytes(needed)}`;
  const reopens = 'by itself when there is room again';
  await deps.ledger.write((tx, nowMs) =>
    closeGate(
      tx,
      { scope: 'account', owner: account.id },
      { name: 'disk', code: 'D101', reason, reopens, probeAtMs: nowMs + DISK_EVERY_MS, memo: { roomKept: true } },
      nowMs,
    ),
  );
}

async function roomNeeded(deps: ActivityDependencies, account: AccountRow): Promise<number> {
  const largest = await largestOutput(deps.ledger.db);
  return (largest === null ? BYTES_PER_OUTPUT : largest * 2) * (account.open_tasks + 1);
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / (1024 * 1024));
}

async function probeDisk(deps: ActivityDependencies, account: AccountRow): Promise<void> {
  const free = await deps.store.freeBytes().catch(() => 0);
  if (free === null || free > (await roomNeeded(deps, account)))
    return reopen(deps, account.id, 'disk', 'the store takes files again');
  await deps.ledger.write((tx, nowMs) => postponeProbe(tx, account.id, 'disk', nowMs + DISK_EVERY_MS));
}

async function reopen(
  deps: ActivityDependencies,
  account: string,
  name: 'uncertain' | 'disk',
  detail: string,
): Promise<void> {
  await deps.ledger.write((tx, nowMs) =>
    openGate(tx, { scope: 'account', owner: account }, name, { by: 'fleet', detail }, nowMs),
  );
  deps.wakeUps.poke();
}

/** The batch's budget is a gate: closed when none of the ready items fits, opened when a cheaper end made room. */
async function tendBudget(
  deps: ActivityDependencies,
  served: ServedAccount,
  rows: { readonly account: AccountRow; readonly batch: BatchRow; readonly gates: readonly GateRow[] },
): Promise<void> {
  const { batch, account } = rows;
  const closed = rows.gates.some((gate) => gate.scope === 'batch' && gate.name === 'budget');
  if (batch.budget === null && !closed) return;
  const learnt = JSON.parse(account.learnt_prices) as LearntPrices;
  const prices = (await readyResolutions(deps.ledger.db, batch.id)).map((resolution) =>
    expectPrice(served.prices, learnt, resolution),
  );
  if (prices.length === 0) return;
  const inDoubt = batch.unpriced > 0 && (await anyUnpricedUncertain(deps.ledger.db, batch.id));
  const fits = prices.some((price) => fitsBudget(batch, price) && !(inDoubt && price.basis === 'unknown'));
  const at = { scope: 'batch', owner: batch.id } as const;
  if (!fits && !closed) {
    const spent = `${batch.committed} of ${batch.budget ?? 0} credits are spent or set aside`;
    const reason = inDoubt
      ? `${spent}, and what an uncertain create cost is not known`
      : `${spent}, the next item needs ${Math.min(...prices.map((price) => price.high))}`;
    const reopens = inDoubt
      ? `when it is settled: headswap resolve ${batch.id} ITEM`
      : `headswap resume ${batch.id} --budget N`;
    await deps.ledger.write((tx, nowMs) => closeGate(tx, at, { name: 'budget', code: 'C102', reason, reopens }, nowMs));
  }
  if (fits && closed)
    await deps.ledger.write((tx, nowMs) =>
      openGate(tx, at, 'budget', { by: 'fleet', detail: 'the next item fits' }, nowMs),
    );
}

async function growPaces(deps: ActivityDependencies, account: AccountRow, nowMs: number): Promise<void> {
  const memory = readMemory(account);
  const grown = {
    ...memory,
    create: grow(memory.create, nowMs),
    analyze: grow(memory.analyze, nowMs),
    poll: grow(memory.poll, nowMs),
  };
  const moreOpen =
    account.open_limit < account.open_ceiling &&
    nowMs - Math.max(memory.openLimitGrownAtMs, memory.create.cutAtMs ?? 0) > OPEN_LIMIT_STEP_MS;
  const changed = grown.create !== memory.create || grown.analyze !== memory.analyze || grown.poll !== memory.poll;
  if (!changed && !moreOpen) return;
  await deps.ledger.write(async (tx, now) => {
    // Somebody else may have cut or grown it meanwhile: then this growth is void.
    const row = await lockAccount(tx, account.id);
    if (row.pace_memory !== account.pace_memory || row.open_limit !== account.open_limit) return;
    await writeMemory(tx, account.id, { ...grown, openLimitGrownAtMs: moreOpen ? now : memory.openLimitGrownAtMs });
    if (moreOpen)
      await tx
        .updateTable('accounts')
        .set({ open_limit: account.open_limit + 1 })
        .where('id', '=', account.id)
        .execute();
    await recordEvent(
      tx,
      {
        type: 'pace-changed',
        account: account.id,
        detail: `create at ${grown.create.perSecond.toFixed(2)} a second, at most ${account.open_limit + (moreOpen ? 1 : 0)} open: no refusals for a while`,
      },
      now,
    );
  });
}
