import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  appendFileSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isBehindJournal } from '../../ledger/behind-journal.ts';
import {
  JournalNotWritten,
  journalFolder,
  openJournal,
  type Journal,
  type JournalEntry,
} from '../../ledger/journal.ts';
import { openLedger } from '../../ledger/open-ledger.ts';
import { readJournals } from '../../ledger/read-journal.ts';
import { rebuildFromJournal } from '../../ledger/rebuild-from-journal.ts';
import { upsertAccount } from '../../ledger/account-row.ts';
import { attachItem } from '../../ledger/resolve-item.ts';
import { differences, onBothDatabases } from './ledger-harness.ts';
import { batchRow, bind, claim, freshName, makeAccount, readyBatch, sending } from './ledger-world.ts';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'headswap-journal-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function entry(over: Partial<JournalEntry> = {}): JournalEntry {
  return {
    type: 'reserve',
    account: 'default',
    base_url: 'https://vendor.example',
    batch: 'spring',
    item: 'sh010',
    rule_key: 'r',
    work_key: 'w',
    n: 1,
    token: 't',
    task_id: null,
    credits: 15,
    outcome: null,
    resolution: '720p',
    output: 'spring/sh010.mp4',
    ...over,
  };
}
function journalOf(ledger8: string, pid = 1): Journal {
  return openJournal({ dir: journalFolder(root, ledger8), host: 'host/../x', pid, startedAtMs: 1_700_000_000_000 });
}

describe('the journal of one process', () => {
  it('numbers its lines and has them on the disk when append resolves', async () => {
    const journal = journalOf('abcd1234');
    await Promise.all(Array.from({ length: 200 }, (_, i) => journal.append(entry({ token: `t${i}` }))));
    expect(journal.file).toBe(join(root, '.journal', 'abcd1234', 'host_.._x-1-1700000000000.jsonl'));
    const { lines, unreadable } = await readJournals(dirname(journal.file));
    expect(unreadable).toBe(0);
    expect(lines.map((line) => line.seq)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(lines[7]).toMatchObject({ ...entry({ token: 't7' }), at: expect.stringMatching(/Z$/) });
    await journal.close();
    await expect(journal.append(entry())).rejects.toThrow('is closed');
  });

  it('shares an fsync between lines that arrive together', async () => {
    const journal = journalOf('abcd1234');
    await journal.append(entry());
    const started = performance.now();
    await Promise.all(Array.from({ length: 2_000 }, () => journal.append(entry())));
    // One by one, 2,000 fsyncs take seconds on any disk.
    expect(performance.now() - started).toBeLessThan(1_500);
    await journal.close();
  });

  it('leaves no file behind when nothing was written', async () => {
    await journalOf('abcd1234').close();
    expect(await readJournals(journalFolder(root, 'abcd1234'))).toEqual({ lines: [], unreadable: 0 });
  });

  it('refuses a line it cannot write, and says that nothing was sent', async () => {
    mkdirSync(join(root, '.journal'));
    writeFileSync(join(root, '.journal', 'abcd1234'), 'a file where the folder belongs');
    const journal = journalOf('abcd1234');
    await expect(journal.append(entry())).rejects.toThrow(JournalNotWritten);
    rmSync(join(root, '.journal', 'abcd1234'));
    await journal.append(entry({ token: 'later' }));
    await journal.close();
    const { lines } = await readJournals(dirname(journal.file));
    expect(lines.map((line) => line.token)).toEqual(['later']);
  });

  it('is read up to wherever a crash cut it', async () => {
    const journal = journalOf('abcd1234');
    for (let i = 0; i < 5; i += 1) await journal.append(entry({ token: `tökén-${i}` }));
    await journal.close();
    const whole = readFileSync(journal.file);
    const ends = [...whole.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at + 1);
    for (let size = whole.length; size >= 0; size -= 7) {
      truncateSync(journal.file, size);
      const { lines, unreadable } = await readJournals(dirname(journal.file));
      expect(unreadable).toBe(0);
      expect(lines).toHaveLength(ends.filter((end) => end <= size).length);
    }
  });

  it('counts lines that are no entries and reads the rest', async () => {
    const journal = journalOf('abcd1234');
    await journal.append(entry({ token: 'a' }));
    appendFileSync(journal.file, '{"seq":2,"type":"res\n{"seq":3}\nnull\n');
    await journal.append(entry({ token: 'b' }));
    await journal.close();
    const { lines, unreadable } = await readJournals(dirname(journal.file));
    expect(lines.map((line) => line.token)).toEqual(['a', 'b']);
    expect(unreadable).toBe(3);
  });
});

/** Journals an attempt as a worker would. */
async function journalled(
  journal: Journal,
  of: {
    readonly account: string;
    readonly batch: string;
    readonly item: string;
    readonly work_key: string;
    readonly token: string;
    readonly n?: number;
  },
  binds: readonly string[] = [],
  settle: Partial<JournalEntry> | null = null,
): Promise<void> {
  const base = entry({ ...of, rule_key: `rule-${of.item}`, output: `${of.item}.mp4` });
  await journal.append(base);
  for (const task_id of binds) await journal.append({ ...base, type: 'bind', task_id, credits: 100 });
  if (settle !== null) await journal.append({ ...base, type: 'settle', task_id: binds[0] ?? null, ...settle });
}

onBothDatabases('a ledger and its journal', (opened) => {
  it('agree after ordinary work, also when compared again', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    const token = freshName('token');
    const attempt = await sending(ledger, work[0]!, { token });
    const { taskId } = await bind(ledger, attempt);
    const journal = journalOf(ledger.ledger8);
    const of = { account, batch, item: 'x', work_key: 'x', token };
    await journalled(journal, of, [taskId]);
    expect(await isBehindJournal(ledger, root)).toMatchObject({ behind: false, missingAttempts: [], missingBinds: [] });
    // What was compared is not read again: the journal may grow for years.
    const size = statSync(journal.file).size;
    const name = `journal:${ledger.ledger8}/${journal.file.slice(dirname(journal.file).length + 1)}`;
    const kept = await ledger.db.selectFrom('ledger_meta').select('value').where('name', '=', name).executeTakeFirst();
    expect(kept).toEqual({ value: String(size) });
    await journalled(journal, { ...of, token: 'unknown' }, ['task-unknown']);
    const behind = await isBehindJournal(ledger, root);
    expect(behind.behind).toBe(true);
    expect(behind.missingAttempts.map((line) => line.token)).toEqual(['unknown']);
    expect(behind.missingBinds.map((line) => line.task_id)).toEqual(['task-unknown']);
    expect(await isBehindJournal(ledger, root)).toEqual(behind);
    await journal.close();
  });

  it('a task id that only the journal has is no reason to stop, and is bound by a rebuild', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    const token = freshName('token');
    const attempt = await sending(ledger, work[0]!, { token });
    const journal = journalOf(ledger.ledger8, 2);
    await journalled(journal, { account, batch, item: 'x', work_key: 'x', token }, ['task-late']);
    await journal.close();
    const before = await isBehindJournal(ledger, root);
    expect(before.behind).toBe(false);
    expect(before.missingBinds).toHaveLength(1);
    expect(await rebuildFromJournal(ledger, root, 'ann')).toMatchObject({ binds: 1 });
    expect(await ledger.db.selectFrom('tasks').select('attempt').where('id', '=', 'task-late').execute()).toEqual([
      { attempt },
    ]);
    expect((await isBehindJournal(ledger, root)).missingBinds).toEqual([]);
  });

  it('a lost ledger is rebuilt: what was settled, bound, refused is so again, the rest is uncertain', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const batch = freshName('lost');
    const journal = journalOf('0000dead');
    const line = (item: string, n = 1) => ({
      account,
      batch,
      item,
      work_key: `${batch}-${item}`,
      token: `${batch}-${item}-${n}`,
      n,
    });
    const task = (item: string) => `${batch}-task-${item}`;
    await journalled(journal, line('done'), [task('done')], { outcome: 'done', credits: 12 });
    await journalled(journal, line('failed'), [task('failed')], { outcome: 'failed', credits: 3 });
    await journalled(journal, line('bound'), [task('bound')]);
    await journalled(journal, line('twice'), [task('twice'), task('second')]);
    await journalled(journal, line('refused', 1), [], { outcome: 'refused', credits: 0 });
    await journalled(journal, line('refused', 2), [task('refused')]);
    await journalled(journal, line('unknown'));
    await journalled(journal, line('by-hand', 1), [], { outcome: 'abandoned', credits: null });
    await journal.append(entry({ ...line('by-hand', 1), type: 'bind', task_id: task('orphan'), credits: 100 }));
    await journalled(journal, { ...line('elsewhere'), account: 'nobody' });
    await journal.close();

    const rebuilt = await rebuildFromJournal(ledger, root, 'ann');
    expect(rebuilt).toEqual({
      attempts: { settled: 2, bound: 3, refused: 1, uncertain: 1, abandoned: 1 },
      binds: 0,
      unknownAccounts: ['nobody (https://vendor.example)'],
      unreadable: 0,
    });
    expect(await differences(ledger)).toEqual([]);
    const items = await ledger.db
      .selectFrom('items')
      .select(['id', 'state', 'charged'])
      .where('batch', '=', batch)
      .orderBy('id')
      .execute();
    expect(Object.fromEntries(items.map((item) => [item.id, item.state]))).toEqual({
      bound: 'queued',
      'by-hand': 'pending',
      done: 'collecting',
      failed: 'failed',
      refused: 'queued',
      twice: 'queued',
      unknown: 'uncertain',
    });
    // Charged 12 and 3; expected 15 each of bound, twice and its second task, refused's second, unknown, and the orphan.
    expect(await batchRow(ledger, batch)).toMatchObject({
      charged: 15,
      committed: 15 + 6 * 15,
      open_tasks: 4,
      state: 'stopped',
    });
    const again = await rebuildFromJournal(ledger, root, 'ann');
    expect(again.attempts).toEqual({ settled: 0, bound: 0, refused: 0, uncertain: 0, abandoned: 0 });
    const events = await ledger.db.selectFrom('events').select('detail').where('batch', '=', batch).execute();
    expect(events).toHaveLength(1);
    expect(events[0]!.detail).toContain('1 uncertain');

    // The same work under a sheet that is run again is not paid again.
    const same = await readyBatch(ledger, account, 2, { keys: [`${batch}-done`, `${batch}-unknown`] });
    for (const [index, state] of (['collecting', 'uncertain'] as const).entries()) {
      const met = await claim(ledger, same.work[index]!);
      if (met.kind !== 'attach') throw new Error(met.kind);
      await ledger.write((tx, nowMs) => attachItem(tx, same.work[index]!.item, met.attempt, nowMs));
      const row = await ledger.db
        .selectFrom('items')
        .select('state')
        .where('key', '=', same.work[index]!.item)
        .executeTakeFirstOrThrow();
      expect(row.state).toBe(state);
    }
  });
});

it('a new ledger beside the journal of another one that was used is behind it', async () => {
  const ledger = await openLedger({ url: `sqlite:${join(root, 'new.db')}`, baseDir: root });
  const settings = {
    name: 'default',
    baseUrl: 'https://vendor.example',
    keyFingerprint: 'f',
    createPerSecond: 1,
    analyzePerSecond: 1,
    pollPerSecond: 1,
    openTasks: 1,
    openAnalyses: 1,
    maxUncertain: 1,
  };
  await ledger.write((tx) => upsertAccount(tx, settings));
  expect(await isBehindJournal(ledger, root)).toMatchObject({ behind: false, otherLedgers: [] });
  const journal = journalOf('0000dead');
  await journal.append(entry());
  await journal.close();
  expect(await isBehindJournal(ledger, root)).toMatchObject({ behind: true, otherLedgers: ['0000dead'] });
  await rebuildFromJournal(ledger, root, 'ann');
  expect(await isBehindJournal(ledger, root)).toMatchObject({ behind: false });
  await ledger.close();
});
