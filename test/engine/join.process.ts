/**
 * A process that uses the embedded engine, for tests that need several: `node join.process.ts STATE_DIR [ROLE]`. Says on
 * stdout what happens to it, one JSON line each; leaves and ends when it reads `leave` on stdin.
 */
import { createInterface } from 'node:readline';
import { joinEngine } from '../../engine/embedded-engine.ts';
import { findTemporalCli } from '../../engine/temporal-cli.ts';

const [stateDir = '', role = 'command'] = process.argv.slice(2);
const say = (event: string, fields: object = {}): void => {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
};

const startedAt = performance.now();
const engine = await joinEngine({
  stateDir,
  cli: await findTemporalCli(process.env),
  role: role === 'up' ? 'up' : 'command',
  log: (message, fields) => say('log', { message, ...fields }),
});
say('joined', { address: engine.address, owned: engine.owned, tookMs: Math.round(performance.now() - startedAt) });
engine.onRestart((address) => say('restarted', { address, owned: engine.owned }));

const lines = createInterface({ input: process.stdin });
for await (const line of lines) if (line === 'leave') break;
await engine.leave();
say('left', { owned: engine.owned });
process.exit(0);
