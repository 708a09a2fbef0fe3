import { describe, expect, it } from 'vitest';
import type { UncertainItem } from '../../operations/resolve.ts';
import type { StatusBatch } from '../../operations/status.ts';
import { noPaint } from '../../cli/paint.ts';
import { batchLines, batchTable, itemTable, uncertainLines } from '../../cli/render/status-lines.ts';
import { AT, AT_MS, credits, totals } from './sample-lines.ts';

const shape = { paint: noPaint, nowMs: AT_MS + 60_000, offsetMinutes: 60 };
const ledger = { location: '.headswap/ledger.db', new: false };

function batch(more: Partial<StatusBatch> = {}): StatusBatch {
  return {
    id: 'spring',
    name: 'spring',
    state: 'running',
    active: true,
    driven_by: 'mira@render1',
    last_activity_at: AT,
    account: 'default',
    totals: totals({ done: 31, failed: 2, processing: 4, uncertain: 1 }, 3),
    credits: credits(512, 1200),
    gates: [],
    needs_you: [],
    exit_code: 9,
    ...more,
  };
}

describe('all batches', () => {
  it('is a table that can be read aloud and cut', () => {
    const needs = [{ kind: 'uncertain', count: 1, command: 'headswap resolve spring sh027' }];
    const batches = [
      batch({ needs_you: needs }),
      batch({ id: 'autumn', state: 'finished', totals: totals({ done: 3 }), credits: credits(45) }),
    ];
    expect(batchTable({ schema_version: 1, ledger, batches }, shape).join('\n')).toMatchInlineSnapshot(`
      "batch   state     ended  failed  spent  needs you  last activity
      spring  running   33/41       2    512          1  10:14
      autumn  finished    3/3       0     45          -  10:14

      ledger .headswap/ledger.db"
    `);
  });

  it('says what to do when there are none', () => {
    const lines = batchTable({ schema_version: 1, ledger: { ...ledger, new: true }, batches: [] }, shape);
    expect(lines.join('\n')).toContain('headswap demo');
    expect(lines.join('\n')).toContain('work paid elsewhere is not known here');
  });
});

describe('one batch', () => {
  it('tells who drives it, what holds it, and the exact commands it needs', () => {
    const gates = [
      { name: 'credits', since: AT, reason: 'out of credits (1104)', reopens: 'by itself after a top up' },
    ];
    const needs_you = [{ kind: 'uncertain', count: 1, command: 'headswap status spring --state uncertain' }];
    expect(batchLines(batch({ gates, needs_you }), ledger, shape).join('\n')).toMatchInlineSnapshot(`
      "spring: running, driven by mira@render1; last activity 10:14
        items 41: done 31, failed 2, waiting 3, uncertain 1, pending 4
        spent 512 of 1,200 credits, held 0, price unknown; account default
        ledger .headswap/ledger.db
        gate credits closed since 10:14: out of credits (1104); reopens: by itself after a top up
        Needs you:
          uncertain, 1 item: headswap status spring --state uncertain"
    `);
  });

  it('says so when nothing drives it', () => {
    expect(batchLines(batch({ state: 'stopped', active: false, driven_by: null }), ledger, shape)[0]).toContain(
      'nothing drives it now',
    );
  });
});

describe('an uncertain item', () => {
  const item: UncertainItem = {
    batch: 'spring',
    item: 'sh027',
    attempt: 1,
    sentAt: AT,
    expected: 20,
    allowedFrom: '2026-11-23T09:17:00.000Z',
    allowedNow: false,
    balanceBefore: 1_430,
    callbackUntil: '2026-11-23T09:44:00.000Z',
    awaiting: true,
  };

  it('comes with what is known, and from when which command is allowed', () => {
    expect(uncertainLines(item, 1_410, shape).join('\n')).toMatchInlineSnapshot(`
      "sh027: create sent 10:14, answer lost. It may or may not have been charged (about 20 credits).
        balance before 1,430, now 1,410. Its callback is awaited until 10:44.
        Look into the vendor console, then one of
          headswap resolve spring sh027 --task-id ID
          headswap resolve spring sh027 --not-created   # from 10:17
          headswap resolve spring sh027 --pay-again   # from 10:17"
    `);
  });

  it('does not pretend to know a balance or a price', () => {
    const text = uncertainLines({ ...item, expected: null, balanceBefore: null, allowedNow: true }, null, shape).join(
      '\n',
    );
    expect(text).toContain('price unknown');
    expect(text).toContain('balance before unknown, now unknown');
    expect(text).not.toContain('# from');
  });
});

describe('items', () => {
  it('carry code, words and next step', () => {
    const reason = {
      code: 'P103',
      message: 'create refused',
      vendor: 'face too small',
      charged: 0,
      next: 'Correct the row.',
    };
    const row = { charged: 0, task_id: null, file: null, reused_from: null, updated_at: AT };
    const lines = itemTable(
      [
        { ...row, id: 'sh010', state: 'failed', reason },
        { ...row, id: 'sh020', state: 'done', reason: null, charged: 15, file: 'spring/sh020.mp4' },
      ],
      noPaint,
    );
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "item   state   charged  code  what
      sh010  failed        0  P103  create refused ("face too small"). Correct the row.
      sh020  done         15        spring/sh020.mp4"
    `);
  });
});
