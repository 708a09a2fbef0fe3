import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { upsertAccount } from '../../ledger/account-row.ts';
import { enterBatch } from '../../ledger/enter-batch.ts';
import { openLedger, type Ledger } from '../../ledger/open-ledger.ts';
import { pauseSpending } from '../../ledger/operator-steps.ts';
import { decideRun, recordMissed, type RunDecision } from '../../ledger/schedule-steps.ts';
import {
  activateSchedule,
  draftSchedule,
  holdSchedule,
  runsOf,
  windowsOfBatch,
  type ScheduleEntry,
} from '../../ledger/schedules.ts';
import { windowClosedText } from '../../schemas/production-window.ts';

const HOUR = 3_600_000;
const at = (iso: string) => Date.parse(iso);
let dir: string;
let nowMs: number;
let ledger: Ledger;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'headswap-catch-up-'));
  nowMs = at('2026-11-24T10:00:00Z');
  ledger = await openLedger({ url: 'sqlite:ledger.db', baseDir: dir, clock: () => nowMs });
});
afterEach(async () => {
  await ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

async function schedule(more: Partial<ScheduleEntry> = {}): Promise<void> {
  const entry: ScheduleEntry = {
    name: 'nightly',
    account: null,
    manifest: '/shots.csv',
    shown: '/shots.csv',
    cron: '*/30 * * * *',
    zone: 'UTC',
    overlap: 'skip',
    catchup_ms: 15 * 60_000,
    budget_per_run: null,
    windows: '[]',
    ...more,
  };
  await ledger.write(async (tx, now) => {
    await draftSchedule(tx, entry, 'mira', now);
    await activateSchedule(tx, 'nightly', 'mira', now);
  });
}

function due(iso: string): Promise<RunDecision> {
  const heard = { schedule: 'nightly', name: iso.slice(0, 16), kind: 'due', dueAtMs: at(iso), by: 'fleet' } as const;
  return ledger.write(async (tx, now) => {
    await recordMissed(tx, 'nightly', now);
    return decideRun(tx, heard, now);
  });
}
const listed = async () =>
  (await runsOf(ledger.db, 'nightly', 100)).map(({ name, state, times }) => ({ name, state, times })).reverse();

it('after two hours without an engine runs at most what is inside the catch-up, and lists the rest as missed', async () => {
  await schedule();
  nowMs = at('2026-11-24T12:10:00Z');
  // An engine that was up while no worker was hands over all four late; the ledger takes the one in time.
  const kinds: string[] = [];
  for (const time of ['10:30', '11:00', '11:30', '12:00']) kinds.push((await due(`2026-11-24T${time}:00Z`)).kind);
  expect(kinds).toEqual(['over', 'over', 'over', 'start']);
  expect(await listed()).toEqual([
    { name: '2026-11-24T10:30', state: 'missed', times: 1 },
    { name: '2026-11-24T11:00', state: 'missed', times: 1 },
    { name: '2026-11-24T11:30', state: 'missed', times: 1 },
    { name: '2026-11-24T12:00', state: 'starting', times: 1 },
  ]);
});

it('lists what nobody was ever told of, when the engine itself was down, and a long outage as one', async () => {
  await schedule();
  nowMs = at('2026-11-24T12:10:00Z');
  await ledger.write((tx, now) => recordMissed(tx, 'nightly', now));
  expect((await listed()).map(({ state }) => state)).toEqual(['missed', 'missed', 'missed']);
  nowMs += 30 * 24 * HOUR;
  await ledger.write((tx, now) => recordMissed(tx, 'nightly', now));
  await ledger.write((tx, now) => recordMissed(tx, 'nightly', now));
  const runs = await listed();
  expect(runs).toHaveLength(4);
  expect(runs.at(-1)?.times).toBeGreaterThan(1_400);
});

it('a run caught up outside of its production window starts, and its creates wait until the window opens', async () => {
  await schedule({ windows: JSON.stringify(['mon-sun 03:00-04:00 UTC']) });
  nowMs = at('2026-11-24T12:10:00Z');
  expect((await due('2026-11-24T12:00:00Z')).kind).toBe('start');
  const windows = await windowsOfBatch(ledger.db, 'nightly');
  expect(windowClosedText(windows, nowMs)).toMatchObject({ opensAtMs: at('2026-11-25T03:00:00Z') });
  expect(windowClosedText(windows, at('2026-11-25T03:10:00Z'))).toBeNull();
});

it('decides once: the same due time asked for again changes nothing', async () => {
  await schedule({ cron: '*/15 * * * *' });
  nowMs = at('2026-11-24T10:30:01Z');
  const first = await due('2026-11-24T10:30:00Z');
  expect(first.kind).toBe('start');
  // The activity died while it read the manifest, and is tried again.
  expect((await due('2026-11-24T10:30:00Z')).kind).toBe('start');
  nowMs = at('2026-11-24T10:45:01Z');
  expect((await due('2026-11-24T10:45:00Z')).kind).toBe('over');
  expect((await runsOf(ledger.db, 'nightly', 1))[0]?.reason).toContain('still reads its manifest');
  // A run that nobody goes on with does not hold up the schedule for ever.
  nowMs = at('2026-11-24T11:15:01Z');
  expect((await due('2026-11-24T11:15:00Z')).kind).toBe('start');
  expect((await due('2026-11-24T10:45:00Z')).kind).toBe('over');
});

it('leaves out what is due while it is paused, or while a person holds the batch, and says who', async () => {
  await schedule();
  await ledger.write((tx, now) => holdSchedule(tx, 'nightly', { note: 'client on leave' }, 'mira', now));
  nowMs = at('2026-11-24T10:30:01Z');
  expect((await due('2026-11-24T10:30:00Z')).kind).toBe('over');
  expect((await runsOf(ledger.db, 'nightly', 1))[0]).toMatchObject({
    state: 'skipped',
    reason: 'paused by mira (client on leave)',
  });
  await ledger.write((tx, now) => holdSchedule(tx, 'nightly', null, 'mira', now));
  const settings = {
    name: 'default',
    baseUrl: 'http://x',
    keyFingerprint: 'k',
    createPerSecond: 1,
    analyzePerSecond: 1,
    pollPerSecond: 1,
    openTasks: 1,
    openAnalyses: 1,
    maxUncertain: 1,
  };
  await ledger.write((tx) => upsertAccount(tx, settings));
  const entry = {
    id: 'nightly',
    account: 'default',
    project: null,
    operator: 'bo',
    manifestFile: 'f',
    manifestPath: 'f',
    manifestSha: 's',
    manifestRows: 0,
    lanes: 1,
    budget: null,
    perItem: null,
    estimated: null,
    sheet: null,
  };
  await enterBatch(ledger, entry, []);
  await ledger.write((tx, now) =>
    pauseSpending(tx, { batch: 'nightly', account: 'default' }, 'bo', 'wrong faces', now),
  );
  await ledger.write((tx) => tx.updateTable('batches').set({ state: 'paused' }).execute());
  nowMs = at('2026-11-24T11:00:01Z');
  expect((await due('2026-11-24T11:00:00Z')).kind).toBe('over');
  expect((await runsOf(ledger.db, 'nightly', 1))[0]?.reason).toContain('wrong faces');
});

it('never decides for two at the same moment', async () => {
  await schedule();
  nowMs = at('2026-11-24T10:30:01Z');
  const other = await openLedger({ url: 'sqlite:ledger.db', baseDir: dir, clock: () => nowMs });
  const decide = (where: Ledger, name: string) =>
    where.write((tx, now) =>
      decideRun(tx, { schedule: 'nightly', name, kind: 'trigger', dueAtMs: now, by: 'mira' }, now),
    );
  const decisions = await Promise.all(
    Array.from({ length: 10 }, (_, index) => decide(index % 2 === 0 ? ledger : other, `by hand ${index}`)),
  );
  await other.close();
  expect(decisions.filter(({ kind }) => kind === 'start')).toHaveLength(1);
  expect((await listed()).filter(({ state }) => state === 'skipped')).toHaveLength(9);
});
