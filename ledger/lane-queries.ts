import { RESOLUTIONS, type Resolution } from '../schemas/manifest-item.ts';
import type { ItemState } from '../schemas/states.ts';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';

/** What a lane owns: the open items of one batch whose video hashes to it. */
export interface LaneRef {
  readonly batch: string;
  readonly lane: number;
}

export interface DueTask {
  readonly account: string;
  readonly id: string;
  readonly attempt: number;
  readonly createdAtMs: number;
  /** When this look was due. */
  readonly dueAtMs: number;
  readonly polls: number;
  /** Its age at the last look that said "not yet"; 0: none did. */
  readonly notYetMs: number;
  readonly batch: string;
}

const FOLLOWING: readonly ItemState[] = ['queued', 'processing', 'uncertain', 'submitting'];

const TASK_COLUMNS = [
  'tasks.account',
  'tasks.id',
  'tasks.attempt',
  'tasks.created_at as createdAtMs',
  'tasks.next_poll_at as dueAtMs',
  'tasks.polls',
  'tasks.not_yet_ms as notYetMs',
  'tasks.batch',
] as const;

const OWN_DUE_TASKS = prepared<LaneRef & { nowMs: number; limit: number }>()((db, v) =>
  db
    .selectFrom('tasks')
    .select(TASK_COLUMNS)
    .where('tasks.batch', '=', v.batch)
    .where('tasks.lane', '=', v.lane)
    .where('tasks.state', '=', 'open')
    .where('tasks.next_poll_at', '<=', v.nowMs)
    .orderBy('tasks.next_poll_at')
    .limit(v.limit),
);

/** Lanes come as part of larger things. */
function laneOf({ batch, lane }: LaneRef): LaneRef {
  return { batch, lane };
}

/** Open tasks whose poll is due: the lane's own, and those its items are attached to (their own batch may be stopped). */
export async function dueTasks(
  db: Tx,
  at: LaneRef,
  wanted: { readonly attached: boolean; readonly limit: number },
  nowMs: number,
): Promise<DueTask[]> {
  const { limit } = wanted;
  const own = await OWN_DUE_TASKS.all(db, { ...laneOf(at), nowMs, limit });
  if (!wanted.attached) return own;
  const attached = await db
    .selectFrom('items')
    .innerJoin('tasks', 'tasks.attempt', 'items.attempt')
    .select(TASK_COLUMNS)
    .distinct()
    .where('items.batch', '=', at.batch)
    .where('items.lane', '=', at.lane)
    .where('items.attached', '=', 1)
    .where('items.state', 'in', FOLLOWING)
    .where('tasks.state', '=', 'open')
    .where('tasks.next_poll_at', '<=', nowMs)
    .limit(limit)
    .execute();
  const seen = new Set<string>();
  return [...own, ...attached].filter((task) => !seen.has(task.id) && seen.add(task.id));
}

export interface DueAnalysis {
  readonly id: number;
  readonly account: string;
  readonly vendorId: string;
  readonly submittedAtMs: number;
  readonly dueAtMs: number;
  readonly polls: number;
  /** As of a task. */
  readonly notYetMs: number;
}

/** Running analyses this lane waits for, whoever asked for them. */
export async function dueAnalyses(db: Tx, at: LaneRef, nowMs: number, limit: number): Promise<DueAnalysis[]> {
  const rows = await db
    .selectFrom('analyses')
    .select(['id', 'account', 'vendor_id as vendorId', 'sent_at as submittedAtMs', 'next_poll_at as dueAtMs', 'polls'])
    .select('not_yet_ms as notYetMs')
    .where('state', '=', 'running')
    .where('next_poll_at', '<=', nowMs)
    .where((e) =>
      e.exists(
        e
          .selectFrom('items')
          .select('items.key')
          .whereRef('items.video', '=', 'analyses.video')
          .where('items.batch', '=', at.batch)
          .where('items.lane', '=', at.lane)
          .where('items.state', '=', 'analyzing'),
      ),
    )
    .orderBy('next_poll_at')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, vendorId: row.vendorId ?? '', submittedAtMs: row.submittedAtMs ?? nowMs }));
}

export interface UnresolvedItem {
  readonly key: number;
  readonly id: string;
  readonly swap: string;
  readonly checkId: string | null;
  readonly differ: string;
  readonly salt: string | null;
  readonly videoUrl: string;
  readonly resolution: string;
  readonly model: string;
  readonly sound: number;
  readonly template: string | null;
  readonly analysis: number;
  readonly people: string;
  readonly check: string;
  readonly perItem: number | null;
  /** JSON of the choices a person made on this analysis under this rule; null: none. */
  readonly picked: string | null;
}

/**
 * Items whose video is analysed and whose swap rule has not met the people found yet, in the order of the sheet. Looking
 * among the pending ones too costs a walk over all of them: they are of videos that were analysed before.
 */
export async function unresolvedItems(
  db: Tx,
  at: LaneRef,
  states: readonly ('pending' | 'analyzing')[],
  limit: number,
): Promise<UnresolvedItem[]> {
  const rows = await db
    .selectFrom('items')
    .innerJoin('videos', 'videos.id', 'items.video')
    .innerJoin('analyses', 'analyses.id', 'videos.analysis')
    .innerJoin('batches', 'batches.id', 'items.batch')
    .leftJoin('picks', (join) =>
      join
        .onRef('picks.batch', '=', 'items.batch')
        .onRef('picks.item', '=', 'items.id')
        .onRef('picks.analysis', '=', 'videos.analysis')
        .onRef('picks.rule', '=', 'items.rule'),
    )
    .select([
      'items.key',
      'items.id',
      'items.swap',
      'items.check_id as checkId',
      'items.differ',
      'items.salt',
      'items.video_url as videoUrl',
      'items.resolution',
      'items.model',
      'items.sound',
      'items.template',
      'analyses.id as analysis',
      'analyses.people',
      'analyses.check_id as check',
      'batches.per_item as perItem',
      'picks.choices as picked',
    ])
    .where('items.batch', '=', at.batch)
    .where('items.lane', '=', at.lane)
    .where('items.state', 'in', states)
    .where('videos.reanalysing', '=', 0)
    .where('analyses.state', '=', 'done')
    .orderBy('items.row')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, people: row.people ?? '[]', check: row.check ?? '' }));
}

/** Rows looked at for each video wanted: items of one video often stand together. */
const ROWS_PER_VIDEO = 8;

/** Videos of pending items without an analysis, in the order of the sheet; those under way are left to `joinLive`. */
export async function videosToAnalyse(db: Tx, at: LaneRef, nowMs: number, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom('items')
    .innerJoin('videos', 'videos.id', 'items.video')
    .select('videos.id')
    .where('items.batch', '=', at.batch)
    .where('items.lane', '=', at.lane)
    .where('items.state', '=', 'pending')
    .where('items.resting', '=', 0)
    .where('items.next_at', '<=', nowMs)
    .where('videos.analysis', 'is', null)
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('analyses')
            .select('analyses.id')
            .whereRef('analyses.video', '=', 'videos.id')
            .where('analyses.state', 'in', ['reserved', 'sending', 'running']),
        ),
      ),
    )
    .orderBy('items.row')
    .limit(limit * ROWS_PER_VIDEO)
    .execute();
  return [...new Set(rows.map((row) => row.id))].slice(0, limit);
}

/** Pending items whose video somebody analyses already wait for that analysis. Returns how many joined. */
export async function joinLiveAnalyses(tx: Tx, at: LaneRef, account: string, nowMs: number): Promise<number> {
  const live = await tx
    .selectFrom('analyses')
    .select('video')
    .where('account', '=', account)
    .where('state', 'in', ['reserved', 'sending', 'running'])
    .execute();
  if (live.length === 0) return 0;
  const result = await tx
    .updateTable('items')
    .set({ state: 'analyzing', updated_at: nowMs })
    .where(
      'video',
      'in',
      live.map((analysis) => analysis.video),
    )
    .where('state', '=', 'pending')
    .where('batch', '=', at.batch)
    .where('lane', '=', at.lane)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

export interface ReadyItem {
  readonly key: number;
  readonly video: number;
  readonly analysis: number;
  readonly workKey: string;
  readonly resolution: string;
}

/** Items that may be created now, in the order of the sheet; of `resolutions` alone where not all can be paid for. */
export async function readyItems(
  db: Tx,
  at: LaneRef,
  nowMs: number,
  limit: number,
  resolutions: readonly Resolution[] = RESOLUTIONS,
): Promise<ReadyItem[]> {
  if (resolutions.length === 0) return [];
  const rows = await db
    .selectFrom('items')
    .select(['key', 'video', 'analysis', 'work_key as workKey', 'resolution'])
    .where('batch', '=', at.batch)
    .where('lane', '=', at.lane)
    .where('state', '=', 'ready')
    .where('resting', '=', 0)
    .where('next_at', '<=', nowMs)
    .$if(resolutions.length < RESOLUTIONS.length, (query) => query.where('resolution', 'in', resolutions))
    .orderBy('row')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    ...row,
    video: row.video ?? 0,
    analysis: row.analysis ?? 0,
    workKey: row.workKey ?? '',
  }));
}
