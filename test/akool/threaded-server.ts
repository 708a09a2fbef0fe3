import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Indexes into the shared flags. */
export const FIRST_BYTE = 0;
export const ANSWERED = 1;
/** Set by the test: the server answers only once this is 1. */
export const MAY_ANSWER = 2;

export interface ThreadedServer {
  readonly url: string;
  /** Set to 1, with a wake-up for `Atomics.wait`, as things happen in the server's own thread. */
  readonly flags: Int32Array;
  close(): Promise<void>;
}

/**
 * A vendor in a thread of its own: it goes on while the test blocks this thread's loop, which is how "in the same tick"
 * and "the answer was already there" can be proven.
 */
export async function startThreadedServer(): Promise<ThreadedServer> {
  const flags = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(
    `
    const { parentPort, workerData: flags } = require('node:worker_threads');
    const raise = (index) => { Atomics.store(flags, index, 1); Atomics.notify(flags, index); };
    const body = JSON.stringify({ code: 1000, msg: 'OK', data: { _id: 'a'.repeat(24), status: 1, credit: 5 } });
    const server = require('node:net').createServer((socket) => {
      socket.on('error', () => {});
      let text = '';
      socket.on('data', (chunk) => {
        raise(0);
        text += chunk.toString('latin1');
        const end = text.indexOf('\\r\\n\\r\\n');
        const length = Number((/content-length: *(\\d+)/i.exec(text) || [0, 0])[1]);
        if (end < 0 || text.length < end + 4 + length) return;
        text = '';
        Atomics.wait(flags, 2, 0);
        socket.write('HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: ' + body.length +
          '\\r\\n\\r\\n' + body, () => raise(1));
      });
    });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
    `,
    { eval: true, workerData: flags },
  );
  const [port] = (await once(worker, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}`, flags, close: async () => void (await worker.terminate()) };
}
