/** Commands that run until Ctrl-C. */
import type { Session } from './session.ts';

/** Makes the first signal one to settle on; to be called before anything is started that would have to be settled. */
export function settlesOnSignal({ onHardStop }: Session): void {
  onHardStop(() => 'Stopped at once. What was being sent may become uncertain; `headswap status` shows it.');
}

/** Waits for the first signal; what is open is closed by the caller afterwards. */
export async function untilStopped({ signal, screen }: Session): Promise<void> {
  screen.say('It runs until Ctrl-C.');
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  screen.say('Stopping: what is being sent is settled first. Ctrl-C again ends at once.');
}
