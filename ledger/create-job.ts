import type { Resolution } from '../schemas/manifest-item.ts';
import type { AttemptState } from '../schemas/states.ts';
import type { Tx } from './open-ledger.ts';

/** What a create needs to be sent. */
export interface CreateJob {
  readonly attempt: number;
  readonly state: AttemptState;
  readonly account: string;
  readonly batch: string;
  readonly itemId: string;
  readonly videoUrl: string;
  readonly mappings: string;
  readonly model: string;
  readonly resolution: Resolution;
  readonly sound: number;
  readonly template: string | null;
  readonly tries: number;
  readonly gateEpoch: number;
  readonly sentAtMs: number | null;
  readonly token: string;
}

export async function readCreateJob(db: Tx, attempt: number): Promise<CreateJob | null> {
  const row = await db
    .selectFrom('attempts')
    .innerJoin('items', 'items.key', 'attempts.item')
    .select([
      'attempts.id as attempt',
      'attempts.state',
      'attempts.account',
      'attempts.batch',
      'attempts.token',
      'attempts.gate_epoch as gateEpoch',
      'attempts.sent_at as sentAtMs',
      'items.id as itemId',
      'items.video_url as videoUrl',
      'items.mappings',
      'items.model',
      'items.resolution',
      'items.sound',
      'items.template',
      'items.tries',
    ])
    .where('attempts.id', '=', attempt)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { ...row, mappings: row.mappings ?? '[]', resolution: row.resolution as Resolution };
}
