import type { Egress } from '../egress/fetch-checked.ts';
import { anyNoticeDue, claimNotices, endNotice, type NoticeEnd, type NoticeRow } from '../ledger/notices.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { NotifyTarget } from '../schemas/config.ts';
import { lastEventSeq } from '../ledger/status-queries.ts';
import type { Notice } from '../schemas/notice.ts';
import { deriveNotices } from './derive-notices.ts';
import { SEND_TIMEOUT_MS, sendNotice } from './send-notice.ts';

export interface NoticePump {
  /** Looks now. */
  poke(): void;
  /** The process begins to end: what is to be told is sent while other things end, and the time for it runs from here. */
  closing(): void;
  /** Looks once more, and waits for what is being sent, but no longer than a small share of the time it ran. */
  stop(): Promise<void>;
}

export interface NoticePumpOptions {
  readonly ledger: Ledger;
  readonly egress: Egress;
  readonly targets: readonly NotifyTarget[];
  readonly allowPrivateHosts: boolean;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

const LOOK_EVERY_MS = 500;
/** Not everything that is told of has an event of its own. */
const DERIVE_EVERY_MS = 10_000;
const AT_ONCE = 8;
/** Longer than a try can last: a claim that outlives its process is taken up soon. */
const LEASE_MS = SEND_TIMEOUT_MS + 3_000;
/** Waiting for a receiver that hangs: half of the two per cent of its time that one may cost a command in all. */
const SHARE_OF_TIME = 0.01;
const SHORTEST_GRACE_MS = 50;
const LONGEST_GRACE_MS = 5_000;
/** Waits between tries; after the last the message is given up. */
const WAITS_MS = [5_000, 30_000, 120_000, 600_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000];

/**
 * Tells receivers what the ledger's record calls for, beside the work: batches neither know of it nor wait for it. Messages
 * stand in the ledger before they are sent, so that they outlive this process. With no receivers it does nothing.
 */
export function startNoticePump(options: NoticePumpOptions): NoticePump {
  const { ledger, targets, warn } = options;
  if (targets.length === 0) return { poke: () => undefined, closing: () => undefined, stop: () => Promise.resolve() };
  const startedAtMs = performance.now();
  const cut = new AbortController();
  const sending = new Set<Promise<void>>();
  let stopped = false;
  let closingAtMs: number | null = null;
  let seen = -1;
  let derivedAtMs = 0;
  let wake = (): void => undefined;
  const look = async (): Promise<void> => {
    try {
      const last = await lastEventSeq(ledger.db);
      if (last !== seen || performance.now() - derivedAtMs > DERIVE_EVERY_MS) {
        await deriveNotices(ledger, targets);
        seen = last;
        derivedAtMs = performance.now();
      }
      const room = AT_ONCE - sending.size;
      if (room <= 0 || !(await anyNoticeDue(ledger.db, await ledger.now()))) return;
      const rows = await ledger.write((tx, nowMs) => claimNotices(tx, room, LEASE_MS, nowMs));
      for (const row of rows) {
        const task: Promise<void> = deliver(options, row, cut.signal)
          .catch((error: unknown) => warn('a message could not be written down', { error: String(error) }))
          .finally(() => sending.delete(task));
        sending.add(task);
      }
    } catch (error) {
      warn('messages could not be made', { error: error instanceof Error ? error.message : String(error) });
    }
  };
  const loop = (async () => {
    while (!stopped) {
      await look();
      if (stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();
  return {
    poke: () => wake(),
    closing() {
      closingAtMs ??= performance.now();
      wake();
    },
    async stop() {
      stopped = true;
      wake();
      await loop;
      await look();
      const nowMs = performance.now();
      const allowedMs = Math.min(LONGEST_GRACE_MS, (nowMs - startedAtMs) * SHARE_OF_TIME);
      const graceMs = Math.max(SHORTEST_GRACE_MS, allowedMs - (nowMs - (closingAtMs ?? nowMs)));
      const timer = setTimeout(() => cut.abort(), graceMs);
      await Promise.all(sending);
      clearTimeout(timer);
    },
  };
}

async function deliver(options: NoticePumpOptions, row: NoticeRow, signal: AbortSignal): Promise<void> {
  const { ledger, egress, targets, allowPrivateHosts, warn } = options;
  const target = targets.find(({ name }) => name === row.target);
  const end = async (how: NoticeEnd): Promise<void> => ledger.write((tx, nowMs) => endNotice(tx, row.id, how, nowMs));
  if (target === undefined) return end({ kind: 'given-up', error: 'the receiver is no longer configured' });
  const message = {
    id: `msg_${ledger.ledger8}_${row.id}`,
    notice: JSON.parse(row.body) as Notice,
    atMs: await ledger.now(),
  };
  const delivery = await sendNotice(egress, target, message, { allowPrivateHosts, signal });
  if (delivery.kind === 'sent') return end({ kind: 'sent' });
  const waitMs = WAITS_MS[row.tries - 1];
  warn('a message did not arrive', { target: row.target, event: row.event, tries: row.tries, error: delivery.error });
  if (!delivery.mayPass || waitMs === undefined) return end({ kind: 'given-up', error: delivery.error });
  // Cut off by our own end: the next worker sends it at once.
  await end({ kind: 'again', error: delivery.error, atMs: (await ledger.now()) + (signal.aborted ? 0 : waitMs) });
}
