import type { Resolution } from '../schemas/manifest-item.ts';
import type { AttemptState } from '../schemas/states.ts';
import type { JournalledAttempt } from './journalled-attempt.ts';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';

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
  /** The same attempt as its journal lines name it. */
  readonly journalled: JournalledAttempt;
}

const READ = prepared<{ attempt: number }>()((db, v) =>
  db
    .selectFrom('attempts')
    .innerJoin('items', 'items.key', 'attempts.item')
    .innerJoin('accounts', 'accounts.id', 'attempts.account')
    .select([
      'attempts.id as attempt',
      'attempts.state',
      'attempts.account',
      'attempts.batch',
      'attempts.token',
      'attempts.n',
      'attempts.expected',
      'attempts.work_key',
      'accounts.base_url',
      'items.rule_key',
      'items.output',
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
    .where('attempts.id', '=', v.attempt),
);

export async function readCreateJob(db: Tx, attempt: number): Promise<CreateJob | null> {
  const row = await READ.first(db, { attempt });
  if (row === undefined) return null;
  const { account, base_url, batch, rule_key, work_key, n, token, expected, output, ...rest } = row;
  const resolution = row.resolution as Resolution;
  return {
    ...rest,
    account,
    batch,
    token,
    mappings: row.mappings ?? '[]',
    resolution,
    journalled: {
      ...{ account, base_url, batch, item: row.itemId, rule_key, work_key, n, token },
      ...{ credits: expected, resolution, output },
    },
  };
}
