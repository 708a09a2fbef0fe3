import { expect, it } from 'vitest';
import { recordEvent } from '../../ledger/events.ts';
import { claimNotices, endNotice, troubledNotices } from '../../ledger/notices.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { decideRun, recordMissed } from '../../ledger/schedule-steps.ts';
import { activateSchedule, draftSchedule, runsOf, windowsOfBatch, type ScheduleEntry } from '../../ledger/schedules.ts';
import { deriveNotices } from '../../operations/derive-notices.ts';
import { NOTICE_EVENTS } from '../../schemas/notice.ts';
import { onBothDatabases } from '../ledger/ledger-harness.ts';

const ENTRY: ScheduleEntry = {
  name: 'nightly',
  account: null,
  manifest: '/shots.csv',
  shown: '/shots.csv',
  cron: '*/5 * * * *',
  zone: 'Europe/Oslo',
  overlap: 'skip',
  catchup_ms: 60_000,
  budget_per_run: 12.5,
  windows: '["daily 20:00-06:00 Europe/Oslo"]',
};
const TARGETS = [
  { name: 'studio', events: NOTICE_EVENTS },
  { name: 'chat', events: ['schedule-skipped'] as const },
];

onBothDatabases('schedules and messages', (opened) => {
  it('decide once among many, keep misses, and know the windows of a batch', async () => {
    const { ledger } = opened;
    await ledger.write(async (tx, now) => {
      expect(await draftSchedule(tx, ENTRY, 'mira', now)).toBe(true);
      await activateSchedule(tx, 'nightly', 'mira', now);
      expect(await draftSchedule(tx, ENTRY, 'bo', now)).toBe(false);
      await tx
        .updateTable('schedules')
        .set({ seen_until: now - 3_600_000 })
        .execute();
    });
    expect(await windowsOfBatch(ledger.db, 'nightly')).toMatchObject([{ fromMinute: 1_200, toMinute: 360 }]);
    expect(await windowsOfBatch(ledger.db, 'other')).toEqual([]);
    const missed = await ledger.write((tx, now) => recordMissed(tx, 'nightly', now));
    expect(missed).toBeGreaterThan(8);
    expect(await ledger.write((tx, now) => recordMissed(tx, 'nightly', now))).toBe(0);
    const other = await opened.again();
    const decide = (where: Ledger, index: number) =>
      where.write((tx, now) =>
        decideRun(
          tx,
          { schedule: 'nightly', name: `by hand ${index}`, kind: 'trigger', dueAtMs: now, by: 'mira' },
          now,
        ),
      );
    const decisions = await Promise.all(
      Array.from({ length: 12 }, (_, index) => decide(index % 2 === 0 ? ledger : other, index)),
    );
    expect(decisions.filter(({ kind }) => kind === 'start')).toHaveLength(1);
    const runs = await runsOf(ledger.db, 'nightly', 100);
    expect(runs.filter(({ state }) => state === 'skipped')).toHaveLength(11);
    expect(runs.filter(({ state }) => state === 'missed')).toHaveLength(missed);
  });

  it('make each message once, whoever looks and however often, and send it by one', async () => {
    const { ledger } = opened;
    const other = await opened.again();
    // The first look only marks where news begin.
    expect(await deriveNotices(ledger, TARGETS)).toBe(0);
    const event = {
      type: 'schedule-skipped',
      batch: 'nightly',
      detail: '2026-11-24T22:00: see https://x.example/secret',
    } as const;
    await ledger.write((tx, now) => recordEvent(tx, event, now));
    const made = await Promise.all([ledger, other, ledger, other].map((where) => deriveNotices(where, TARGETS)));
    expect(made.reduce((sum, count) => sum + count, 0)).toBe(2);
    const claimed = await Promise.all(
      [ledger, other].map((where) => where.write((tx, now) => claimNotices(tx, 10, 60_000, now))),
    );
    const rows = claimed.flat();
    expect(rows.map(({ target }) => target).sort()).toEqual(['chat', 'studio']);
    for (const { body } of rows) expect(body).not.toContain('x.example');
    await ledger.write(async (tx, now) => {
      await endNotice(tx, rows[0]?.id ?? 0, { kind: 'sent' }, now);
      await endNotice(tx, rows[1]?.id ?? 0, { kind: 'again', error: 'answered HTTP 500', atMs: now + 0.5 }, now);
    });
    expect(await troubledNotices(ledger.db, 0)).toMatchObject([{ tries: 1, error: 'answered HTTP 500' }]);
  });
});
