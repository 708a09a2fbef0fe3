/** A child process of the tests: `node open-and-hold.process.ts open URL` or `hold FILE MS`. */
import { DatabaseSync } from 'node:sqlite';
import { openLedger } from '../../ledger/open-ledger.ts';

const [what = '', where = '', ms = '0'] = process.argv.slice(2);
if (what === 'open') {
  const ledger = await openLedger({ url: where, baseDir: '/' });
  process.stdout.write(`${JSON.stringify({ id: ledger.id })}\n`);
  await ledger.close();
} else {
  const raw = new DatabaseSync(where, { timeout: 5_000 });
  raw.exec('begin immediate');
  process.stdout.write('held\n');
  setTimeout(() => raw.exec('rollback'), Number(ms));
}
