import { EMPTY_ITEM } from './enter-batch.ts';
import type { JournalLine } from './journal.ts';
import type { Tx } from './open-ledger.ts';

/** Nothing drives it until its manifest is run again. */
export async function placeholderBatch(tx: Tx, line: JournalLine, nowMs: number): Promise<void> {
  await tx
    .insertInto('batches')
    .values({
      id: line.batch,
      account: line.account,
      project: null,
      state: 'stopped',
      created_at: Date.parse(line.at),
      updated_at: nowMs,
      finished_at: null,
      operator: 'ledger rebuild',
      round: 1,
      manifest_file: '',
      manifest_path: '',
      manifest_sha: '',
      manifest_rows: 0,
      lanes: 1,
      budget: null,
      per_item: null,
      committed: 0,
      charged: 0,
      unpriced: 0,
      estimated: null,
      gates: 0,
      open_tasks: 0,
      sheet: null,
      tolerate: null,
      driver: null,
      driver_until: 0,
      balance_before: null,
      balance_after: null,
    })
    .onConflict((c) => c.doNothing())
    .execute();
}

/** The item, as far as the journal knows it; an item that is there stays as it is. Returns its key. */
export async function placeholderItem(tx: Tx, line: JournalLine, nowMs: number): Promise<number> {
  await tx
    .insertInto('items')
    .values({
      ...EMPTY_ITEM,
      batch: line.batch,
      row: 0,
      id: line.item,
      lane: 0,
      file: '',
      line: 0,
      video: null,
      video_url: '',
      rule: '',
      swap: '{}',
      resolution: line.resolution,
      model: '',
      sound: 1,
      template: null,
      output: line.output,
      project: null,
      note: null,
      check_id: null,
      differ: 'wait',
      x: '{}',
      cells: null,
      rule_key: line.rule_key,
      work_key: line.work_key,
      state: 'pending',
      updated_at: nowMs,
    })
    .onConflict((c) => c.doNothing())
    .execute();
  const row = await tx
    .selectFrom('items')
    .select('key')
    .where('batch', '=', line.batch)
    .where('id', '=', line.item)
    .executeTakeFirstOrThrow();
  return row.key;
}
