import type { AccountInUse } from '../../operations/starters.ts';
import type { QueueKind } from '../../schemas/names.ts';

/** What a worker process is told at its start, as JSON. */
export interface WorkerSetup {
  readonly dir: string;
  readonly ledgerUrl: string;
  readonly engine: { readonly address: string; readonly namespace: string };
  readonly driver: string;
  readonly vendor: { readonly url: string; readonly key: string };
  readonly account: Omit<AccountInUse, 'client'>;
  /** Address below which callbacks arrive; left out: creates name none. */
  readonly callbackBase?: string;
  /** Left out: all. */
  readonly queues?: readonly QueueKind[];
}

export type ToWorker =
  /** `kill`: it ends itself there. `stop`: SIGSTOP to itself there. `wait`: it stays there until `go-on`. */
  | { readonly kind: 'arm'; readonly point: string; readonly action: 'kill' | 'stop' | 'wait' }
  | { readonly kind: 'go-on' }
  | { readonly kind: 'end' };

export type FromWorker = { readonly kind: 'ready' } | { readonly kind: 'at'; readonly point: string };
