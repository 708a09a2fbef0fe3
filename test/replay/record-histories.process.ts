/**
 * Records the histories that replay.test.ts replays: `node test/replay/record-histories.process.ts VERSION`. Run it when a
 * release changes workflow code, under a new version; never overwrite those of versions that may still run somewhere.
 */
import { writeFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Fleet, rowsOver } from '../fleet/fleet-harness.ts';

const version = process.argv[2] ?? 'v1';
const fleet = await Fleet.start();
await fleet.startWorker();
await fleet.submit('recorded', rowsOver(24, 6));
await fleet.ended('recorded');
const { client } = await fleet.engineClient();
for await (const workflow of client.workflow.list()) {
  const history = await client.workflow.getHandle(workflow.workflowId, workflow.runId).fetchHistory();
  const json = JSON.stringify(JSON.parse(historyToJSON(history)), null, 1).replaceAll(
    /"identity": "[^"]*"/g,
    '"identity": "recorded"',
  );
  writeFileSync(new URL(`histories/${workflow.type}-${version}.json`, import.meta.url), `${json}\n`);
}
await fleet.stop();
