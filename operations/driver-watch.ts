import type { Client } from '@temporalio/client';
import { batchWorkflowId } from '../schemas/names.ts';

const LOOK_EVERY_MS = 2_500;
/** One look may fall between a driver that is replaced and its successor. */
const LOOKS = 2;

/**
 * Tells that a batch which the ledger calls running has no driver any more: somebody terminated it in Temporal. Asks now and
 * then; an engine that does not answer is no answer.
 */
export class DriverWatch {
  readonly #client: Client;
  readonly #workflowId: string;
  #lookedAtMs = performance.now();
  #missed = 0;

  constructor(client: Client, ledger8: string, batch: string) {
    this.#client = client;
    this.#workflowId = batchWorkflowId(ledger8, batch);
  }

  async gone(): Promise<boolean> {
    if (performance.now() - this.#lookedAtMs < LOOK_EVERY_MS) return false;
    const status = await this.#client.workflow
      .getHandle(this.#workflowId)
      .describe()
      .then(
        (found) => found.status.name,
        () => 'UNKNOWN' as const,
      );
    this.#lookedAtMs = performance.now();
    this.#missed = status === 'TERMINATED' || status === 'FAILED' || status === 'CANCELLED' ? this.#missed + 1 : 0;
    return this.#missed >= LOOKS;
  }
}
