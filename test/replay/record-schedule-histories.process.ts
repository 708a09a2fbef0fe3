/** Records the histories of schedules' runs: `node test/replay/record-schedule-histories.process.ts VERSION`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startEmulator, type StartOptions } from '../../emulator/start.ts';
import { openContext } from '../../operations/context.ts';
import { useEngine } from '../../operations/engine-use.ts';
import { createSchedule, planSchedule, readSchedules, triggerSchedule } from '../../operations/schedules.ts';
import { startUp } from '../../operations/up.ts';
import { startReceiver } from '../../web/start-receiver.ts';
import { startWorker } from '../../worker/start-worker.ts';
import { sheet } from '../operations/operations-harness.ts';

const version = process.argv[2] ?? 'v1';
const dir = mkdtempSync(join(tmpdir(), 'headswap-record-'));
writeFileSync(join(dir, 'shots.csv'), sheet(3));
const ctx = await openContext({
  cwd: dir,
  env: { PATH: process.env['PATH'] ?? '' },
  flags: { account: 'emulator' },
  starters: { startWorker, startEmulator: (start) => startEmulator(start as StartOptions), startReceiver },
  userAtHost: 'recorded',
  log: () => undefined,
  toolVersion: '0.0.0',
});
const up = await startUp(ctx);
await createSchedule(
  ctx,
  await planSchedule(ctx, { name: 'nightly', manifest: 'shots.csv', cron: '0 3 1 1 *', zone: 'UTC' }),
  { yes: true },
);
await triggerSchedule(ctx, 'nightly', { yes: true });
await triggerSchedule(ctx, 'nightly', { yes: true });
for (;;) {
  const [schedule] = await readSchedules(ctx, { name: 'nightly', runs: 5 });
  if (schedule?.runs.every((run) => run.ended_at !== null) === true) break;
  await new Promise((resolve) => setTimeout(resolve, 200));
}
// The run's workflow ends with its next look.
await new Promise((resolve) => setTimeout(resolve, 3_000));
const engine = await useEngine(ctx, 'must-be-up');
const { client } = engine;
for await (const workflow of client.workflow.list()) {
  if (workflow.type !== 'scheduledRun' && workflow.type !== 'manifestCheck') continue;
  const history = await client.workflow.getHandle(workflow.workflowId, workflow.runId).fetchHistory();
  const json = JSON.stringify(JSON.parse(historyToJSON(history)), null, 1)
    .replaceAll(/"identity": "[^"]*"/gu, '"identity": "recorded"')
    .replaceAll(/"requestId": "[^"]*"/gu, '"requestId": "recorded"');
  const began =
    json.includes('EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED') || workflow.type === 'manifestCheck';
  const name = `${workflow.type}${began ? '' : 'LeftOut'}-${version}`;
  writeFileSync(new URL(`histories/${name}.json`, import.meta.url), `${json}\n`);
}
await engine.leave();
await up.stop();
await ctx.close();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
