import type { ItemState } from '../schemas/states.ts';
import type { Tx } from './open-ledger.ts';

/** An item with what decides whether it can be taken up again. */
export interface ResumeRow {
  readonly key: number;
  readonly id: string;
  readonly state: ItemState;
  readonly reasonCode: string | null;
  readonly reasonMessage: string | null;
  readonly stalled: boolean;
  /** Left behind when others of its batch were resumed by name. */
  readonly resting: boolean;
  /** The attempt it follows, if any. */
  readonly attempt: number | null;
  readonly resolution: string;
  /** Literal URL; empty once it was erased. */
  readonly video: string;
  readonly collected: boolean;
  /** State and output of the attempt it follows. */
  readonly attemptState: string | null;
  readonly attemptHasOutput: boolean;
  readonly paid: boolean;
}

/** Items of a batch in the order of the sheet. */
export async function resumeRows(db: Tx, batch: string): Promise<ResumeRow[]> {
  const charged = await db
    .selectFrom('attempts')
    .select('item')
    .distinct()
    .where('batch', '=', batch)
    .where((e) => e.or([e('charged', '>', 0), e.and([e('state', '=', 'settled'), e('charged', 'is', null)])]))
    .execute();
  const paid = new Set(charged.map((row) => row.item));
  const rows = await db
    .selectFrom('items')
    .leftJoin('attempts', 'attempts.id', 'items.attempt')
    .leftJoin('outputs', 'outputs.item', 'items.key')
    .select([
      'items.key',
      'items.id',
      'items.state',
      'items.reason_code as reasonCode',
      'items.reason_message as reasonMessage',
      'items.stalled',
      'items.resting',
      'items.attempt',
      'items.resolution',
      'items.video_url as video',
      'outputs.file',
      'attempts.state as attemptState',
      'attempts.has_output as hasOutput',
    ])
    .where('items.batch', '=', batch)
    .orderBy('items.row')
    .execute();
  return rows.map(({ stalled, resting, file, hasOutput, ...row }) => ({
    ...row,
    stalled: stalled === 1,
    resting: resting === 1,
    collected: file !== null,
    attemptHasOutput: hasOutput === 1,
    paid: paid.has(row.key),
  }));
}
