import type { Tx } from './open-ledger.ts';

/**
 * Remembers what these rows were done as, before they become other work: the row has one output, and whoever changes it
 * back is not to pay a second time.
 */
export async function rememberOutputs(tx: Tx, batch: string, ids: readonly string[]): Promise<void> {
  await tx
    .insertInto('former_outputs')
    .columns([
      'item',
      'attempt',
      'rule_key',
      'work_key',
      'mappings',
      'people_found',
      'analysis',
      'file',
      'sha256',
      'at',
    ])
    .expression((e) =>
      e
        .selectFrom('items')
        .innerJoin('outputs', 'outputs.item', 'items.key')
        .select([
          'items.key',
          'outputs.attempt',
          'items.rule_key',
          'items.work_key',
          'items.mappings',
          'items.people_found',
          'items.analysis',
          'outputs.file',
          'outputs.sha256',
          'outputs.at',
        ])
        .where('items.batch', '=', batch)
        .where('items.id', 'in', ids)
        .where('items.state', '=', 'done')
        .where('items.work_key', 'is not', null)
        .where('items.mappings', 'is not', null)
        .$narrowType<{ work_key: string; mappings: string }>(),
    )
    .onConflict((c) => c.doNothing())
    .execute();
}

/** The newest file that is kept of a paid attempt, with the item it was made for; null when there is none. */
export async function formerOutput(
  db: Tx,
  attempt: number,
): Promise<{ readonly item: string; readonly batch: string; readonly file: string; readonly sha256: string } | null> {
  const row = await db
    .selectFrom('former_outputs')
    .innerJoin('items', 'items.key', 'former_outputs.item')
    .select(['items.id as item', 'items.batch', 'former_outputs.file', 'former_outputs.sha256'])
    .where('former_outputs.attempt', '=', attempt)
    .orderBy('former_outputs.at', 'desc')
    .executeTakeFirst();
  return row ?? null;
}
