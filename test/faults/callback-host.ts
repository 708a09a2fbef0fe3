import type { Ledger } from '../../ledger/open-ledger.ts';
import { beatReceiver, RECEIVER_BEAT_MS } from '../../ledger/receiver-beat.ts';
import { CallbackIntake } from '../../operations/receive-callback.ts';
import { startReceiver } from '../../web/start-receiver.ts';

/** The program's own receiver in this process: it outlives every worker that is killed. */
export async function hostCallbacks(ledger: Ledger): Promise<{ readonly url: string; close(): Promise<void> }> {
  const intake = new CallbackIntake({ ledger, onNews: () => undefined, log: () => undefined });
  const receiver = await startReceiver({
    port: 0,
    host: '127.0.0.1',
    store: (message) => intake.receive(message),
    health: () => Promise.resolve({ ok: true, ledger: ledger.ledger8 }),
  });
  const beat = () => ledger.write((tx, nowMs) => beatReceiver(tx, nowMs));
  await beat();
  const beats = setInterval(() => void beat().catch(() => undefined), RECEIVER_BEAT_MS);
  return {
    url: receiver.url,
    async close() {
      clearInterval(beats);
      await receiver.close();
      await intake.close();
    },
  };
}
