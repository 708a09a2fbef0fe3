/**
 * A worker as a process of its own, for tests that kill, stop and replace it: `node worker.process.ts JSON` (WorkerSetup).
 * Its parent arms a named line of the fault model over the channel; the process then ends, stops or waits there.
 */
import { AkoolClient } from '../../akool/client.ts';
import { embeddedTarget } from '../../engine/connect.ts';
import { openLedger, sqliteFile } from '../../ledger/open-ledger.ts';
import { openConnection } from '../../ledger/sqlite-connection.ts';
import { startWorker } from '../../worker/start-worker.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts';

const setup = JSON.parse(process.argv[2] ?? '{}') as WorkerSetup;
const say = (message: FromWorker): Promise<void> =>
  new Promise((sent) => (process.connected ? process.send?.(message, () => sent()) : sent()));

let armed: Extract<ToWorker, { kind: 'arm' }> | null = null;
let goOn: (() => void) | null = null;

async function at(point: string): Promise<void> {
  if (armed === null || armed.point !== point) return;
  const { action } = armed;
  armed = null;
  switch (action) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    case 'stop':
      await say({ kind: 'at', point });
      return stopOutsideOfWrites();
    case 'wait': {
      const went = new Promise<void>((go) => (goOn = go));
      await say({ kind: 'at', point });
      return went;
    }
    default:
      action satisfies never;
  }
}

/**
 * A process that is stopped inside a write transaction holds everybody up on SQLite, which is another fault: this one stops
 * itself in a moment in which it certainly holds no lock.
 */
async function stopOutsideOfWrites(): Promise<void> {
  const stop = () => process.kill(process.pid, 'SIGSTOP');
  if (!setup.ledgerUrl.startsWith('sqlite:')) return void stop();
  const { raw } = openConnection(sqliteFile(setup.ledgerUrl, setup.dir));
  for (;;) {
    try {
      raw.exec('begin immediate; rollback');
      stop();
      return raw.close();
    } catch {
      await new Promise((later) => setTimeout(later, 1));
    }
  }
}

const ledger = await openLedger({ url: setup.ledgerUrl, baseDir: setup.dir });
const worker = await startWorker({
  config: { storage: 'file:./out', ignoreQuery: [], allowPrivateHosts: true, metrics: null },
  ledger,
  engine: embeddedTarget({ address: setup.engine.address, namespace: setup.engine.namespace }),
  accounts: [
    {
      ...setup.account,
      client: new AkoolClient({
        baseUrl: setup.vendor.url,
        auth: { kind: 'api-key', key: setup.vendor.key },
        timeoutMs: setup.account.requestTimeoutMs,
      }),
    },
  ],
  callbackBase: setup.callbackBase ?? null,
  ...(setup.queues === undefined ? {} : { queues: setup.queues }),
  stateDir: setup.dir,
  baseDir: setup.dir,
  operator: 'test',
  driver: setup.driver,
  allowedHost: null,
  killPoints: at,
  log: () => undefined,
});

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'arm':
      armed = message;
      return;
    case 'go-on':
      goOn?.();
      return;
    case 'end':
      void worker.shutdown().then(async () => {
        await ledger.close();
        process.exit(0);
      });
      return;
    default:
      message satisfies never;
  }
});
process.on('disconnect', () => process.exit(0));
await say({ kind: 'ready' });
