import type { Ledger } from '../ledger/open-ledger.ts';
import { learntDurations, openTasksSince } from '../ledger/plan-queries.ts';
import { eventsAfter, itemLines, lastEventSeq, type ItemLine } from '../ledger/status-queries.ts';
import type { EventLineOf } from '../schemas/events.ts';
import { ENDED_ITEM_STATES } from '../schemas/states.ts';
import type { BatchSnapshot } from './batch-snapshot.ts';
import { secondsLeft, type ProgressPoint, type RestFacts } from './seconds-left.ts';
import type { FollowLine } from './follow-batch.ts';

/** A change may be committed a little after the time it carries. */
const OVERLAP_MS = 3_000;
/** Progress lines at most this often. */
const PROGRESS_GAP_MS = 500;
const PACE_KINDS = ['create', 'analyze', 'poll'] as const;

/** Turns looks at the ledger into lines: only what changed since the last look. */
export class LineSource {
  readonly #ledger: Ledger;
  readonly #batch: string;
  readonly #onLine: (line: FollowLine) => void;
  readonly #items = new Map<string, string>();
  #lookedAtMs = 0;
  #gates = new Map<string, string>();
  #pace: BatchSnapshot['pace'] = null;
  #eventSeq = 0;
  #points: ProgressPoint[] = [];
  #endedAtStart = 0;
  #progress = '';
  #progressAtMs = -Infinity;

  constructor(ledger: Ledger, batch: string, onLine: (line: FollowLine) => void) {
    this.#ledger = ledger;
    this.#batch = batch;
    this.#onLine = onLine;
  }

  /** Takes what is there as known: only later changes become lines. */
  async begin(snapshot: BatchSnapshot): Promise<void> {
    this.#lookedAtMs = await this.#ledger.now();
    this.#eventSeq = await lastEventSeq(this.#ledger.db);
    for (const item of await itemLines(this.#ledger.db, this.#batch)) this.#items.set(item.id, markOf(item));
    this.#pace = snapshot.pace;
    this.#endedAtStart = endedOf(snapshot);
    this.#emitGates(snapshot, this.#lookedAtMs);
    await this.#emitProgress(snapshot, this.#lookedAtMs);
  }

  async look(snapshot: BatchSnapshot): Promise<void> {
    const nowMs = await this.#ledger.now();
    const changed = await itemLines(this.#ledger.db, this.#batch, { sinceMs: this.#lookedAtMs - OVERLAP_MS });
    this.#lookedAtMs = nowMs;
    for (const item of changed) {
      if (this.#items.get(item.id) === markOf(item)) continue;
      this.#items.set(item.id, markOf(item));
      this.#onLine(itemLineOf(item, this.#head('item', nowMs)));
    }
    this.#emitGates(snapshot, nowMs);
    await this.#emitPace(snapshot, nowMs);
    await this.#emitProgress(snapshot, nowMs);
  }

  #head<T extends 'item' | 'gate' | 'pace' | 'progress'>(
    type: T,
    atMs: number,
  ): { at: string; batch: string; type: T } {
    return { at: new Date(atMs).toISOString(), batch: this.#batch, type };
  }

  #emitGates(snapshot: BatchSnapshot, nowMs: number): void {
    const now = new Map(snapshot.gates.map((gate) => [gate.name, gate.reopens]));
    for (const gate of snapshot.gates) {
      if (this.#gates.has(gate.name)) continue;
      this.#onLine({
        ...this.#head('gate', nowMs),
        name: gate.name,
        state: 'closed',
        reason: gate.reason,
        reopens: gate.reopens,
      });
    }
    for (const [name, reopens] of this.#gates) {
      if (!now.has(name))
        this.#onLine({ ...this.#head('gate', nowMs), name, state: 'open', reason: 'open again', reopens });
    }
    this.#gates = now;
  }

  async #emitPace(snapshot: BatchSnapshot, nowMs: number): Promise<void> {
    const before = this.#pace;
    const now = snapshot.pace;
    this.#pace = now;
    if (before === null || now === null) return;
    const slower = PACE_KINDS.filter((kind) => Math.abs(now[kind] / before[kind] - 1) > 0.01);
    const openChanged = now.openTasks !== before.openTasks;
    if (slower.length === 0 && !openChanged) return;
    const events = await eventsAfter(this.#ledger.db, {
      batch: this.#batch,
      account: snapshot.batch.account,
      seq: this.#eventSeq,
    });
    this.#eventSeq = Number(events.at(-1)?.seq ?? this.#eventSeq);
    const reason = events.findLast(
      (event) => event.type.startsWith('pace') || event.type.startsWith('ceiling'),
    )?.detail;
    for (const kind of slower) {
      const words = now[kind] < before[kind] ? 'the vendor asked for fewer calls' : 'no refusal for a while';
      this.#onLine({
        ...this.#head('pace', nowMs),
        kind,
        per_second: round(now[kind]),
        open: null,
        reason: reason ?? words,
      });
    }
    if (openChanged)
      this.#onLine({
        ...this.#head('pace', nowMs),
        kind: 'open-tasks',
        per_second: null,
        open: now.openTasks,
        reason: reason ?? 'the vendor counts open tasks',
      });
  }

  async #rest(snapshot: BatchSnapshot, nowMs: number): Promise<RestFacts | null> {
    const { pace, totals, batch } = snapshot;
    if (pace === null) return null;
    const { taskMs } = await learntDurations(this.#ledger.db, batch.account);
    const since = await openTasksSince(this.#ledger.db, batch.id);
    const { pending, analyzing, ready, submitting } = totals.by_state;
    return {
      uncreated: pending + analyzing + ready + submitting,
      openAgesMs: since.map((createdAtMs) => Math.max(0, nowMs - createdAtMs)),
      createPerSecond: pace.create,
      openTasks: Math.max(1, pace.openTasks),
      taskMs,
    };
  }

  async #emitProgress(snapshot: BatchSnapshot, nowMs: number): Promise<void> {
    const ended = endedOf(snapshot) - this.#endedAtStart;
    if (ended !== (this.#points.at(-1)?.ended ?? 0)) this.#points.push({ atMs: nowMs, ended });
    const text = JSON.stringify([snapshot.totals, snapshot.credits]);
    if (text === this.#progress || nowMs - this.#progressAtMs < PROGRESS_GAP_MS) return;
    this.#progress = text;
    this.#progressAtMs = nowMs;
    const held = snapshot.gates.length > 0;
    this.#onLine({
      ...this.#head('progress', nowMs),
      totals: snapshot.totals,
      credits: snapshot.credits,
      seconds_left: held
        ? null
        : roundOrNull(secondsLeft(this.#points, snapshot.totals.pending, await this.#rest(snapshot, nowMs), nowMs)),
    });
  }
}

function itemLineOf(
  item: ItemLine,
  head: { at: string; batch: string; type: 'item' },
): Omit<EventLineOf<'item'>, 'seq'> {
  return {
    ...head,
    id: item.id,
    state: item.state,
    reason: reasonOfLine(item),
    charged: item.charged,
    file: item.file,
  };
}

export function reasonOfLine(item: ItemLine): EventLineOf<'item'>['reason'] {
  if (item.reasonCode === null) return null;
  return {
    code: item.reasonCode,
    message: item.reasonMessage ?? '',
    vendor: item.reasonVendor ?? '',
    charged: item.charged,
    next: item.reasonNext ?? '',
  };
}

function markOf(item: ItemLine): string {
  return `${item.state} ${item.reasonCode ?? ''} ${item.stalled ? 's' : ''} ${item.charged}`;
}

function endedOf({ totals }: BatchSnapshot): number {
  return ENDED_ITEM_STATES.reduce((sum, state) => sum + totals[state], 0);
}

const round = (value: number): number => Math.round(value * 100) / 100;
const roundOrNull = (value: number | null): number | null => (value === null ? null : Math.round(value));
