import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { prepared } from '../../ledger/prepared.ts';
import { onBothDatabases } from './ledger-harness.ts';

const RAISE = prepared<{ name: string; by: string }>()((db, v) =>
  db
    .updateTable('ledger_meta')
    .set({ value: sql`value || ${v.by} || ${v.by}` })
    .where('name', '=', v.name)
    .returning(['name', 'value']),
);

onBothDatabases('a prepared statement', (opened) => {
  test('takes its values by name, each as often as it is named, and keeps none of them', async () => {
    const { ledger } = opened;
    const rows = ['a', 'b'].map((name) => ({ name, value: '1' }));
    await ledger.write((tx) => tx.insertInto('ledger_meta').values(rows).execute());
    const raise = (name: string, by: string) => ledger.write((tx) => RAISE.first(tx, { name, by }));
    expect(await raise('a', 'x')).toMatchObject({ name: 'a', value: '1xx' });
    expect((await raise('b', "'; drop table items; --"))?.value).toMatch(/^1'; drop/);
    expect(await raise('nobody', 'x')).toBeUndefined();
    await expect(ledger.write((tx) => RAISE.one(tx, { name: 'nobody', by: 'x' }))).rejects.toThrow('not there');
  });
});
