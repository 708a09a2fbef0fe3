import { expect, it } from 'vitest';
import { BatchOfAnotherAccount, type RowEntry } from '../../ledger/enter-batch.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { settleTask } from '../../ledger/settle-task.ts';
import { onBothDatabases } from './ledger-harness.ts';
import {
  batchRow,
  bind,
  enter,
  freshName,
  itemColumns,
  makeAccount,
  readyBatch,
  sending,
  startRow,
} from './ledger-world.ts';

const states = async (ledger: Ledger, batch: string) => {
  const rows = await ledger.db
    .selectFrom('items')
    .select(['id', 'state', 'row'])
    .where('batch', '=', batch)
    .orderBy('row')
    .execute();
  return rows.map((row) => `${row.row} ${row.id} ${row.state}`);
};
const rowsOf = (count: number) => Array.from({ length: count }, (_, i) => startRow(itemColumns(`sh${i}`, i)));

onBothDatabases('entering a batch', (opened) => {
  it('is idempotent', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const id = freshName('batch');
    const all = async () => ({
      batch: { ...(await batchRow(ledger, id)), updated_at: 0 },
      items: (await ledger.db.selectFrom('items').selectAll().where('batch', '=', id).orderBy('row').execute()).map(
        (row) => ({ ...row, updated_at: 0 }),
      ),
    });
    await enter(ledger, account, rowsOf(3), { id, budget: 40 });
    const first = await all();
    expect(first.batch).toMatchObject({ state: 'running', budget: 40, manifest_sha: 'sha', manifest_rows: 3 });
    await enter(ledger, account, rowsOf(3), { id, budget: 40 });
    expect(await all()).toEqual(first);
  });

  it('ends the same when it is run again after a crash in the middle', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const id = freshName('batch');
    function* crashing(): Generator<RowEntry> {
      yield* rowsOf(450);
      throw new Error('killed');
    }
    await expect(enter(ledger, account, [...rowsOf(0)], { id })).resolves.toBe(id);
    await expect(enter(ledger, account, crashing(), { id: `${id}-2` })).rejects.toThrow('killed');
    // Not running, and without the digest of a manifest that is not in it.
    expect(await batchRow(ledger, `${id}-2`)).toMatchObject({ state: 'stopped', manifest_sha: '' });
    expect(await states(ledger, `${id}-2`)).toHaveLength(400);
    await enter(ledger, account, rowsOf(450), { id: `${id}-2` });
    expect(await states(ledger, `${id}-2`)).toHaveLength(450);
    expect(await batchRow(ledger, `${id}-2`)).toMatchObject({ state: 'running', manifest_sha: 'sha' });
  });

  it('10,000 rows, and the same once more, cost seconds', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const id = freshName('batch');
    // CPU of this process, which a loaded machine does not stretch; a statement per row costs many times as much.
    const started = process.cpuUsage();
    await enter(ledger, account, rowsOf(10_000), { id });
    const keep = rowsOf(10_000).map((row) => ({ ...row, kind: 'keep' }) as RowEntry);
    await enter(ledger, account, keep, { id });
    const { user, system } = process.cpuUsage(started);
    const { n } = await ledger.db
      .selectFrom('items')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('batch', '=', id)
      .executeTakeFirstOrThrow();
    expect(n).toBe(10_000);
    expect((user + system) / 1e6).toBeLessThan(6);
  }, 60_000);

  it('starts a changed row anew and keeps what it was charged; unchanged rows keep their state', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    const { taskId } = await bind(ledger, await sending(ledger, work[0]!));
    await ledger.write((tx, nowMs) =>
      settleTask(tx, account, taskId, { kind: 'done', url: 'u', chargedCredits: 15, resolution: '720p' }, nowMs),
    );
    const item = await ledger.db.selectFrom('items').selectAll().where('batch', '=', batch).executeTakeFirstOrThrow();
    await ledger.write((tx) => tx.updateTable('items').set({ state: 'done' }).where('key', '=', item.key).execute());
    const columns = itemColumns(item.id, 7, { rule: 'bo', rule_key: 'other', video_url: item.video_url });
    await enter(ledger, account, [{ kind: 'start', columns, salt: null, version: 2, state: 'pending' }], { id: batch });
    const changed = await ledger.db
      .selectFrom('items')
      .selectAll()
      .where('batch', '=', batch)
      .executeTakeFirstOrThrow();
    expect(changed).toMatchObject({
      key: item.key,
      state: 'pending',
      row: 7,
      rule: 'bo',
      version: 2,
      charged: 15,
      attempt: null,
      work_key: null,
    });
    await enter(ledger, account, [{ kind: 'keep', columns: { ...columns, row: 9, note: 'n' } }], { id: batch });
    const kept = await ledger.db.selectFrom('items').selectAll().where('batch', '=', batch).executeTakeFirstOrThrow();
    expect(kept).toMatchObject({ state: 'pending', row: 9, note: 'n', charged: 15 });
  });

  it('an unchanged row takes another output path while nothing of it is at the vendor or in the store', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const id = freshName('batch');
    const states = ['pending', 'ready', 'failed', 'cancelled', 'submitting', 'queued', 'collecting', 'done'] as const;
    const at = (output: string) =>
      states.map((state, row) => itemColumns(`${id}-${state}`, row, { output: `${output}/${state}.mp4` }));
    await enter(ledger, account, at('old').map(startRow), { id });
    for (const state of states)
      await ledger.write((tx) =>
        tx.updateTable('items').set({ state }).where('batch', '=', id).where('id', '=', `${id}-${state}`).execute(),
      );
    const kept = at('new').map((columns): RowEntry => ({ kind: 'keep', columns }));
    await enter(ledger, account, kept, { id });
    const rows = await ledger.db.selectFrom('items').select(['state', 'output']).where('batch', '=', id).execute();
    expect(Object.fromEntries(rows.map(({ state, output }) => [state, output.split('/')[0]]))).toEqual({
      pending: 'new',
      ready: 'new',
      failed: 'new',
      cancelled: 'new',
      submitting: 'old',
      queued: 'old',
      collecting: 'old',
      done: 'old',
    });
  });

  it('never tears work under way off its attempt', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    const attempt = await sending(ledger, work[0]!);
    const item = await ledger.db.selectFrom('items').selectAll().where('batch', '=', batch).executeTakeFirstOrThrow();
    const columns = itemColumns(item.id, 0, { rule: 'bo', video_url: item.video_url });
    await enter(ledger, account, [startRow(columns), { kind: 'remove', id: item.id }, { kind: 'keep', columns }], {
      id: batch,
    });
    const after = await ledger.db.selectFrom('items').selectAll().where('batch', '=', batch).executeTakeFirstOrThrow();
    expect(after).toMatchObject({ state: 'submitting', attempt, rule: 'ana' });
  });

  it('cancels rows that vanished and were not paid; bad, skipped and reused rows are rows too', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const id = freshName('batch');
    await enter(ledger, account, rowsOf(2), { id });
    const bad: RowEntry = { kind: 'bad', columns: itemColumns('row-9', 2), code: 'M112', message: 'unknown face' };
    const skip: RowEntry = { kind: 'start', columns: itemColumns('sk', 3), salt: null, version: 1, state: 'skipped' };
    const reuse: RowEntry = {
      kind: 'reuse',
      columns: itemColumns('re', 4),
      attempt: 5,
      mappings: '[]',
      workKey: 'w',
      peopleFound: 1,
      analysis: 2,
      version: 1,
    };
    await enter(ledger, account, [{ kind: 'remove', id: 'sh1' }, bad, skip, reuse], { id });
    expect(await states(ledger, id)).toEqual([
      '0 sh0 pending',
      '1 sh1 cancelled',
      '2 row-9 failed',
      '3 sk skipped',
      '4 re collecting',
    ]);
    const row = await ledger.db
      .selectFrom('items')
      .select('reason_code')
      .where('batch', '=', id)
      .where('id', '=', 'sh1')
      .executeTakeFirstOrThrow();
    expect(row.reason_code).toBe('M-removed');
    // A bad row that was corrected is taken up.
    await enter(ledger, account, [startRow(itemColumns('row-9', 2))], { id });
    const corrected = await ledger.db
      .selectFrom('items')
      .selectAll()
      .where('batch', '=', id)
      .where('id', '=', 'row-9')
      .executeTakeFirstOrThrow();
    expect(corrected).toMatchObject({ state: 'pending', reason_code: null });
  });

  it('takes a freshly signed URL while the row is pending, and none later', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const id = freshName('batch');
    const columns = itemColumns('sh0', 0, { video_url: 'https://media.example/a.mp4?X-Amz-Signature=1' });
    await enter(ledger, account, [startRow(columns)], { id });
    const url = 'https://media.example/a.mp4?X-Amz-Signature=2';
    await enter(ledger, account, [{ kind: 'keep', columns: { ...columns, video_url: url } }], { id });
    const read = () =>
      ledger.db
        .selectFrom('items')
        .innerJoin('videos', 'videos.id', 'items.video')
        .select(['items.video_url', 'videos.url'])
        .where('items.batch', '=', id)
        .executeTakeFirstOrThrow();
    expect(await read()).toEqual({ video_url: url, url });
    await ledger.write((tx) => tx.updateTable('items').set({ state: 'analyzing' }).where('batch', '=', id).execute());
    await enter(ledger, account, [{ kind: 'keep', columns }], { id });
    expect(await read()).toEqual({ video_url: url, url });
  });

  it('refuses a known batch with another account, and changes nothing', async () => {
    const { ledger } = opened;
    const [mine, other] = [await makeAccount(ledger), await makeAccount(ledger)];
    const id = await enter(ledger, mine, rowsOf(1));
    await expect(enter(ledger, other, rowsOf(3), { id, budget: 5 })).rejects.toThrow(BatchOfAnotherAccount);
    expect(await batchRow(ledger, id)).toMatchObject({ account: mine, budget: null, manifest_rows: 1 });
  });
});
