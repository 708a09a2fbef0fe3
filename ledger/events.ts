import type { EventType } from '../schemas/events.ts';
import type { Tx } from './open-ledger.ts';

export interface LedgerEvent {
  readonly type: EventType;
  readonly batch?: string | null;
  readonly account?: string | null;
  readonly item?: string | null;
  /** Operator, or `fleet` for what the program decided. */
  readonly by?: string;
  /** Plain words, free of URLs and secrets. */
  readonly detail: string;
}

/** Appends to the record of decisions shown in `status` and the report. */
export async function recordEvent(tx: Tx, event: LedgerEvent, nowMs: number): Promise<void> {
  await tx
    .insertInto('events')
    .values({
      at: nowMs,
      batch: event.batch ?? null,
      account: event.account ?? null,
      item: event.item ?? null,
      type: event.type,
      by_whom: event.by ?? 'fleet',
      detail: event.detail,
    })
    .execute();
}
