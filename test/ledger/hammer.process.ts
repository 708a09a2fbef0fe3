/**
 * A child process of the tests: `node hammer.process.ts URL WORLD-JSON SEED MS SENDS`: random acts on a ledger shared with others, for
 * so long and until so many creates were sent (a loaded machine does less in the time given).
 */
import { openLedger } from '../../ledger/open-ledger.ts';
import { randomStep, seeded, type World } from './random-worker.ts';

const [url = '', world = '', seed = '0', ms = '0', sends = '0'] = process.argv.slice(2);
const ledger = await openLedger({ url, baseDir: '/' });
const chance = seeded(Number(seed));
const end = performance.now() + Number(ms);
let acts = 0;
let sent = 0;
// Two lines of work, as a worker has: their jobs share transactions on SQLite.
const line = async () => {
  while (performance.now() < end || sent < Number(sends)) {
    const did = await ledger.write((tx, nowMs) => randomStep(tx, JSON.parse(world) as World, chance, nowMs));
    acts += 1;
    if (did.kind === 'sent') sent += 1;
  }
};
await Promise.all([line(), line()]);
await ledger.close();
process.stdout.write(`${JSON.stringify({ acts, sent })}\n`);
