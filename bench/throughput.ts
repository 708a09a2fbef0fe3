/**
 * How fast and how evenly a batch runs, and what it costs in CPU: `node bench/throughput.ts SCENARIO`, one of `paced-500`,
 * `paced-150`, `instant-1000`, `instant-10000`, `long-tasks`, `tasks-of-minutes`. The vendor is the emulator in a process of its own; its CPU
 * does not count. Prints one JSON object; docs/figures.md says how the published ones were made.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Fleet, rowsOver } from '../test/fleet/fleet-harness.ts';
import { enginePaths } from '../engine/engine-paths.ts';
import { readEngineRecord } from '../engine/engine-record.ts';

interface Scenario {
  readonly items: number;
  readonly videos: number;
  readonly createPerSecond: number;
  readonly openTasks: number;
  readonly emulator: Record<string, unknown>;
  readonly firstPollMs: number;
}

const FAST = { analyzePerSecond: 10_000, openAnalyses: 50, pollPerSecond: 10_000 };
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'paced-500': {
    items: 500,
    videos: 120,
    createPerSecond: 3,
    openTasks: 10,
    firstPollMs: 1_000,
    emulator: { analysisMs: 500, taskMs: 3_000, limits: { createPerSecond: 3.3, openTasks: 10 } },
  },
  'paced-150': {
    items: 150,
    videos: 36,
    createPerSecond: 5,
    openTasks: 10,
    firstPollMs: 1_000,
    emulator: { analysisMs: 500, taskMs: 2_000, limits: { createPerSecond: 6, openTasks: 10 } },
  },
  'instant-1000': {
    items: 1_000,
    videos: 250,
    createPerSecond: 10_000,
    openTasks: 200,
    firstPollMs: 50,
    emulator: { analysisMs: 0, taskMs: 0 },
  },
  'instant-10000': {
    items: 10_000,
    videos: 2_500,
    createPerSecond: 10_000,
    openTasks: 200,
    firstPollMs: 50,
    emulator: { analysisMs: 0, taskMs: 0 },
  },
  'long-tasks': {
    items: 60,
    videos: 20,
    createPerSecond: 5,
    openTasks: 10,
    firstPollMs: 5_000,
    emulator: { analysisMs: 2_000, taskMs: 20_000 },
  },
  'tasks-of-minutes': {
    items: 40,
    videos: 20,
    createPerSecond: 5,
    openTasks: 10,
    firstPollMs: 15_000,
    emulator: { analysisMs: 5_000, taskMs: 180_000 },
  },
};

/** A heartbeat of a pass reaches the server this often (0.8 of its heartbeat timeout), after a first one at two seconds. */
const HEARTBEAT_REACHES_MS = 4_000;
const FIRST_HEARTBEAT_MS = 2_000;

const name = process.argv[2] ?? 'paced-150';
const scenario = scenarioNamed(name);

const emulator = await startEmulatorProcess(scenario.emulator);
const fleet = await Fleet.start({
  vendorUrl: emulator.url,
  requestTimeoutMs: 15_000,
  account: { createPerSecond: scenario.createPerSecond, openTasks: scenario.openTasks, ...FAST },
  polling: { firstMs: scenario.firstPollMs, maxMs: 30_000 },
});
await fleet.startWorker();
const serverPid = readEngineRecord(enginePaths(fleet.dir).record)?.pid ?? 0;
const cpuBefore = { worker: process.cpuUsage(), server: cpuSecondsOf(serverPid) };
const startedAt = Date.now();
await fleet.submit('bench', rowsOver(scenario.items, scenario.videos));
const state = await fleet.ended('bench', 3_600_000);
const seconds = (Date.now() - startedAt) / 1000;
const cpu = process.cpuUsage(cpuBefore.worker);
const workerCpu = (cpu.user + cpu.system) / 1e6;
const serverCpu = cpuSecondsOf(serverPid) - cpuBefore.server;
const sent = (
  await fleet.ledger.db
    .selectFrom('attempts')
    .select('sent_at')
    .where('sent_at', 'is not', null)
    .orderBy('sent_at')
    .execute()
).map((row) => row.sent_at ?? 0);
const refused = await fleet.ledger.db
  .selectFrom('attempts')
  .select((e) => e.fn.countAll<number>().as('n'))
  .where('state', '=', 'refused')
  .executeTakeFirstOrThrow();
const span = ((sent.at(-1) ?? 0) - (sent[0] ?? 0)) / 1000;
const ideal = idealSeconds(scenario);
const histories = await fromHistories();
console.log(
  JSON.stringify({
    scenario: name,
    state,
    items: scenario.items,
    seconds: round(seconds),
    itemsPerSecond: round(scenario.items / seconds),
    firstToLastCreateSeconds: round(span),
    idealSeconds: round(ideal),
    ratioToIdeal: round(span / ideal, 3),
    refusals: refused.n,
    cpuSeconds: { worker: round(workerCpu), server: round(serverCpu), total: round(workerCpu + serverCpu) },
    cpuMsPerItem: round(((workerCpu + serverCpu) * 1000) / scenario.items),
    workerRssMb: Math.round(process.memoryUsage().rss / 1e6),
    eventsPerItem: round(histories.events),
    activitiesPerItem: round(histories.activities, 2),
    billableActionsPerItem: round(histories.actions, 2),
    audit: await auditOf(emulator.url),
  }),
);
await fleet.stop();
emulator.child.kill();

function scenarioNamed(wanted: string): Scenario {
  const found = SCENARIOS[wanted];
  if (found === undefined) throw new Error(`unknown scenario ${wanted}: ${Object.keys(SCENARIOS).join(', ')}`);
  return found;
}

/** The paces and the open tasks bound it: whichever takes longer. */
function idealSeconds({ items, createPerSecond, openTasks, emulator: settings }: Scenario): number {
  const byPace = (items - 1) / createPerSecond;
  const byOpen = ((items - openTasks) / openTasks) * (Number(settings['taskMs']) / 1000);
  return Math.max(byPace, byOpen);
}

/**
 * What the histories say. Actions are counted as Temporal Cloud bills them: workflows started or continued, activities
 * (here without retries), timers, signals, and heartbeats, which leave no event and are reckoned from how long passes took.
 */
async function fromHistories(): Promise<{ events: number; activities: number; actions: number }> {
  const { client } = await fleet.engineClient();
  const found = { events: 0, activities: 0, actions: 0 };
  for await (const workflow of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflow.workflowId, workflow.runId).fetchHistory();
    const events = history.events ?? [];
    const startedAt = new Map<string, number>();
    found.events += events.length;
    for (const event of events) {
      const at = Number(event.eventTime?.seconds ?? 0) * 1000 + Number(event.eventTime?.nanos ?? 0) / 1e6;
      if (event.activityTaskScheduledEventAttributes != null) found.activities += 1;
      if (event.activityTaskStartedEventAttributes != null) startedAt.set(String(event.eventId), at);
      const ended = event.activityTaskCompletedEventAttributes ?? event.activityTaskCanceledEventAttributes;
      const tookMs = ended == null ? 0 : at - (startedAt.get(String(ended.startedEventId)) ?? at);
      if (tookMs > FIRST_HEARTBEAT_MS)
        found.actions += 1 + Math.floor((tookMs - FIRST_HEARTBEAT_MS) / HEARTBEAT_REACHES_MS);
      const billed =
        event.activityTaskScheduledEventAttributes ??
        event.workflowExecutionStartedEventAttributes ??
        event.workflowExecutionSignaledEventAttributes ??
        event.timerStartedEventAttributes;
      if (billed != null) found.actions += 1;
    }
  }
  const each = (count: number) => count / scenario.items;
  return { events: each(found.events), activities: each(found.activities), actions: each(found.actions) };
}

async function auditOf(url: string): Promise<unknown> {
  return (await fetch(`${url}/_emulator/summary`)).json();
}

async function startEmulatorProcess(options: Record<string, unknown>): Promise<{ url: string; child: ChildProcess }> {
  const main = join(import.meta.dirname, '..', 'emulator', 'main.ts');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, '--credits', '100000000', '--options', JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url: (JSON.parse(line) as { url: string }).url, child };
}

/** User and system time of another process, seconds. Linux only. */
function cpuSecondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
