import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isBehindJournal } from '../../ledger/behind-journal.ts';
import { journalFolder, openJournal, type Journal, type JournalEntry } from '../../ledger/journal.ts';
import { readJournalled } from '../../ledger/journalled-attempt.ts';
import { adoptJournals, rebuildFromJournal } from '../../ledger/rebuild-from-journal.ts';
import { differences, onBothDatabases } from './ledger-harness.ts';
import { claim, freshName, makeAccount, readyBatch } from './ledger-world.ts';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'headswap-restored-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

onBothDatabases('a ledger restored from a copy in which claims were not sent yet', (opened) => {
  it('sends none of them again: accepted ones are bound, refused ones are free, the rest is uncertain', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 4);
    const attempts: number[] = [];
    for (const one of work) {
      const claimed = await claim(ledger, one);
      if (claimed.kind !== 'claimed') throw new Error(claimed.kind);
      attempts.push(claimed.attempt);
    }
    const [accepted, refused, unknown, untouched] = attempts as [number, number, number, number];
    const journal = openJournal({ dir: journalFolder(root, ledger.ledger8), host: 'h', pid: 1, startedAtMs: 1 });
    const task = freshName('task');
    await tell(journal, accepted, { type: 'reserve', task_id: null, outcome: null });
    await tell(journal, refused, { type: 'reserve', task_id: null, outcome: null });
    await tell(journal, unknown, { type: 'reserve', task_id: null, outcome: null });
    // So far any crash leaves this behind, and they may be sent.
    expect(await isBehindJournal(ledger, root)).toMatchObject({ behind: false });
    await tell(journal, refused, { type: 'settle', task_id: null, outcome: 'refused' });
    expect(await isBehindJournal(ledger, root)).toMatchObject({ behind: false });
    await tell(journal, accepted, { type: 'bind', task_id: task, outcome: null });
    await journal.close();
    expect(await isBehindJournal(ledger, root)).toMatchObject({ behind: true });

    await rebuildFromJournal(ledger, root, 'ann', await adoptJournals(ledger, root));
    const states = await ledger.db.selectFrom('attempts').select(['id', 'state']).where('id', 'in', attempts).execute();
    expect(Object.fromEntries(states.map(({ id, state }) => [id, state]))).toEqual({
      [accepted]: 'bound',
      [refused]: 'refused',
      [unknown]: 'uncertain',
      [untouched]: 'reserved',
    });
    expect(await isBehindJournal(ledger, root)).toMatchObject({ behind: false, missingBinds: [] });
    expect(await differences(ledger)).toEqual([]);

    async function tell(
      to: Journal,
      attempt: number,
      what: Pick<JournalEntry, 'type' | 'task_id' | 'outcome'>,
    ): Promise<void> {
      const row = await readJournalled(ledger.db, attempt);
      if (row === null) throw new Error(`no attempt ${attempt}`);
      await to.append({ ...row, ...what });
    }
  });
});
