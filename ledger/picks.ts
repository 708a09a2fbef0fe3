import type { PersonChoice } from '../schemas/manifest-item.ts';
import type { ItemState } from '../schemas/states.ts';
import type { Tx } from './open-ledger.ts';
import { recordAct, type BatchRef } from './operator-steps.ts';
import { resolveItem, type Resolved } from './resolve-item.ts';

/** An item that may be decided by eye, with the present analysis of its video. */
export interface PickCandidate {
  readonly key: number;
  readonly id: string;
  readonly state: ItemState;
  readonly rule: string;
  /** JSON of the swap rule. */
  readonly swap: string;
  readonly note: string | null;
  readonly project: string | null;
  readonly videoUrl: string;
  readonly resolution: string;
  readonly model: string;
  readonly sound: number;
  readonly template: string | null;
  readonly salt: string | null;
  readonly reasonMessage: string | null;
  /** Null while the video has no finished analysis, or is analysed anew. */
  readonly analysis: number | null;
  readonly check: string | null;
  /** JSON of `[{objId, preview}]`. */
  readonly people: string | null;
}

/** All items of a batch in the order of the sheet. */
export async function pickCandidates(db: Tx, batch: string): Promise<PickCandidate[]> {
  return db
    .selectFrom('items')
    .leftJoin('videos', 'videos.id', 'items.video')
    .leftJoin('analyses', (join) =>
      join
        .onRef('analyses.id', '=', 'videos.analysis')
        .on('analyses.state', '=', 'done')
        .on('videos.reanalysing', '=', 0),
    )
    .select([
      'items.key',
      'items.id',
      'items.state',
      'items.rule',
      'items.swap',
      'items.note',
      'items.project',
      'items.video_url as videoUrl',
      'items.resolution',
      'items.model',
      'items.sound',
      'items.template',
      'items.salt',
      'items.reason_message as reasonMessage',
      'analyses.id as analysis',
      'analyses.check_id as check',
      'analyses.people',
    ])
    .where('items.batch', '=', batch)
    .orderBy('items.row')
    .execute();
}

export interface Decision {
  readonly item: string;
  readonly analysis: number;
  readonly rule: string;
  readonly choices: readonly PersonChoice[];
  readonly by: string;
  readonly atMs: number;
}

/** Decisions of a batch, the newest of an item last. */
export async function decisionsOf(db: Tx, batch: string): Promise<Decision[]> {
  const rows = await db.selectFrom('picks').selectAll().where('batch', '=', batch).orderBy('at').execute();
  return rows.map((row) => ({
    item: row.item,
    analysis: row.analysis,
    rule: row.rule,
    choices: JSON.parse(row.choices) as PersonChoice[],
    by: row.by_whom,
    atMs: row.at,
  }));
}

/** Items decided on the analysis that is still their video's, with what they were decided for. */
export async function standingDecisions(
  db: Tx,
  batch: string,
): Promise<{ readonly item: string; readonly rule: string; readonly video: string }[]> {
  return db
    .selectFrom('picks')
    .innerJoin('videos', 'videos.analysis', 'picks.analysis')
    .select(['picks.item', 'picks.rule', 'videos.url as video'])
    .where('picks.batch', '=', batch)
    .where('videos.reanalysing', '=', 0)
    .execute();
}

export interface PickToRecord {
  readonly key: number;
  readonly item: string;
  readonly rule: string;
  readonly analysis: number;
  readonly check: string;
  readonly people: number;
  readonly choices: readonly PersonChoice[];
  readonly resolved: Extract<Resolved, { kind: 'ready' | 'skipped' }>;
  /** As people write it: `0:ana 1:keep`. */
  readonly text: string;
}

/**
 * *needs-pick -> ready | skipped*, if the item still waits and the analysis is still its video's. The decision is kept: it
 * holds for this batch, id and analysis. False: somebody else was first, or the video was analysed anew.
 */
export async function recordPick(
  tx: Tx,
  at: BatchRef,
  pick: PickToRecord,
  by: string,
  nowMs: number,
): Promise<boolean> {
  const found = { analysis: pick.analysis, people: pick.people };
  if (!(await resolveItem(tx, pick.key, found, pick.resolved, nowMs, ['needs-pick']))) return false;
  const row = {
    batch: at.batch,
    item: pick.item,
    analysis: pick.analysis,
    check_id: pick.check,
    rule: pick.rule,
    choices: JSON.stringify(pick.choices),
    by_whom: by,
    at: nowMs,
  };
  await tx
    .insertInto('picks')
    .values(row)
    .onConflict((c) =>
      c.columns(['batch', 'item', 'analysis']).doUpdateSet({
        rule: row.rule,
        choices: row.choices,
        by_whom: row.by_whom,
        at: row.at,
      }),
    )
    .execute();
  await recordAct(tx, { ...at, item: pick.item }, 'picked', by, `${pick.text} (analysis ${pick.check})`, nowMs);
  return true;
}
