import type { CreateRequest } from '../akool/wire.ts';

/** What the emulated vendor keeps of an analysis. Its status at any moment follows from the times. */
export interface AnalysisRecord {
  readonly id: string;
  readonly internalId: string;
  readonly team: string;
  readonly uid: number;
  readonly video: string;
  /** Accepted at, begun at, ended at; epoch milliseconds; null: never. */
  readonly at: number;
  readonly begunAt: number | null;
  readonly endedAt: number | null;
  readonly ends: 'completed' | 'failed';
  readonly reason: string | null;
  readonly errorCode: number | null;
  /** Index = obj_id; value = which person of the video that is. */
  readonly people: readonly number[];
  readonly detected: number;
}

/** What it keeps of a paid task. */
export interface TaskRecord {
  readonly id: string;
  readonly internalId: string;
  readonly team: string;
  readonly uid: number;
  readonly body: CreateRequest;
  /** Last path segment of `webhookUrl`, where the client puts its attempt's token; null without one. */
  readonly token: string | null;
  /** Address the create came from. */
  readonly from: string;
  readonly at: number;
  readonly begunAt: number | null;
  readonly endedAt: number | null;
  readonly ends: 'completed' | 'failed';
  readonly reason: string | null;
  readonly errorCode: number | null;
  readonly videoSeconds: number;
  /** Credits locked at create; credits charged when it ends. */
  readonly hold: number;
  readonly price: number;
}

export interface Settlement {
  readonly id: string;
  readonly at: number;
  readonly charge: number;
  /** Of the hold, what came back. */
  readonly refund: number;
  /** Digest and size of the output; null for a failed task. */
  readonly sha256: string | null;
  readonly bytes: number;
}

/** A create or analysis that was not accepted. `code` null: cut before it was looked at. */
export interface Refusal {
  readonly call: 'create' | 'analyze';
  readonly at: number;
  readonly video: string | null;
  readonly code: number | null;
}

export interface SentCallback {
  readonly id: string;
  readonly at: number;
  readonly status: number;
  /** HTTP status of the receiver; null when it was not reached. */
  readonly answered: number | null;
}

/** One line of the book. */
export type Entry =
  | {
      readonly t: 'open';
      readonly at: number;
      readonly machine: string;
      readonly credits: Readonly<Record<string, number>>;
    }
  | ({ readonly t: 'analysis' } & AnalysisRecord)
  | ({ readonly t: 'create' } & TaskRecord)
  | ({ readonly t: 'settle' } & Settlement)
  | ({ readonly t: 'refusal' } & Refusal)
  | ({ readonly t: 'callback' } & SentCallback)
  /** A stalled task was made to end. */
  | { readonly t: 'finish'; readonly id: string; readonly at: number; readonly ends: 'completed' | 'failed' }
  /** The balance was set from outside. */
  | { readonly t: 'balance'; readonly at: number; readonly team: string; readonly credits: number };

export type Status = 1 | 2 | 3 | 4;

/** Status 1, 2, 3 or 4 at a moment. */
export function statusAt(record: AnalysisRecord | TaskRecord, now: number): Status {
  if (record.endedAt !== null && now >= record.endedAt) return record.ends === 'completed' ? 3 : 4;
  return record.begunAt !== null && now >= record.begunAt ? 2 : 1;
}

/** 0 to 100, never falling; 100 only at the end. */
export function progressAt(record: AnalysisRecord | TaskRecord, now: number): number {
  const status = statusAt(record, now);
  if (status === 3) return 100;
  if (status === 1) return 0;
  const length = (record.endedAt ?? record.at + 60_000) - record.at;
  return Math.max(1, Math.min(99, Math.floor((100 * (now - record.at)) / Math.max(1, length))));
}
