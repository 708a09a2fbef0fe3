import type { ReceiverStart, RunningReceiver } from '../operations/starters.ts';
import { createReceiver } from './receiver.ts';

/** Listens. Rejects with the system's error when the port is taken (EADDRINUSE) or forbidden. */
export async function startReceiver({ port, host, ...parts }: ReceiverStart): Promise<RunningReceiver> {
  const app = createReceiver(parts);
  const url = await app.listen({ port, host });
  return { url, close: () => app.close() };
}
