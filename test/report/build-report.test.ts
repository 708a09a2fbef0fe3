import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildReport } from '../../report/build-report.ts';
import { countsOf, headlineOf } from '../../report/headline.ts';
import type { AttemptFact, TaskFact } from '../../report/report-facts.ts';
import { ATTEMPT_STATES, ITEM_STATES } from '../../schemas/states.ts';
import { doneItem, factsOf, springFacts, T0 } from './sample-facts.ts';
import { expectValid } from './schema-check.ts';

describe('report.json', () => {
  const report = buildReport(springFacts());

  test('is what its schema says', () => expectValid(report));

  test('has the fields of the contract', () => {
    expect(Object.keys(report)).toEqual(
      expect.arrayContaining(['schema_version', 'batch', 'totals', 'credits', 'analyses', 'items', 'events']),
    );
    const item = report.items.find(({ id }) => id === 'sh100');
    expect(item).toMatchObject({
      id: 'sh100',
      row: { file: 'shots.csv', line: 2 },
      project: 'nordlys',
      note: '',
      x: {},
      rule: 'ana',
      people_found: 1,
      state: 'done',
      reason: null,
      resolution: '720p',
      reused_from: null,
      mappings: [{ obj_id: 0, face: 'ana', consent: 'C-2026-0142', until: '2027-03-31' }],
      attempts: [{ n: 1, state: 'settled', held: 100, charged: 15, sent_at: '2026-11-23T08:00:15.000Z' }],
      output: { file: 'spring/sh100.mp4', media: 'video/mp4' },
    });
    expect(item?.video).toContain('X-Amz-Signature');
  });

  test('a reason says what was charged', () => {
    expect(report.items.find(({ id }) => id === 'sh033')?.reason).toMatchObject({ code: 'N102', charged: 15 });
    expect(report.items.find(({ id }) => id === 'sh014')?.reason).toMatchObject({ code: 'P105', charged: 0 });
  });

  test('a task found for an abandoned attempt is its orphan, and its charge is counted', () => {
    const item = report.items.find(({ id }) => id === 'sh040');
    expect(item?.attempts).toMatchObject([
      { n: 1, state: 'abandoned', task_id: null, orphans: [{ task_id: 'orphan-task-1', charged: 15 }] },
      { n: 2, state: 'settled', approved_by: 'mira@studio', orphans: [] },
    ]);
    expect(report.credits.charged).toBe(15 * 47 + 15 + 30);
    expect(report.checks).toEqual({ lost: 0, paid_twice: 0, paid_again_on_request: 1 });
  });

  test('the timeline is in order', () => {
    for (const { timeline } of report.items) {
      expect(timeline.map(({ at }) => at)).toEqual(timeline.map(({ at }) => at).toSorted());
    }
  });

  test('holds are those of unsettled attempts only', () => {
    expect(report.credits.held).toBe(100);
  });

  test('the headline names every promise, kept or not', () => {
    expect(headlineOf(report)).toBe(
      '49 done, 3 failed, 1 skipped, 2 waiting, 0 lost, 0 paid twice, 1 uncertain; spent 750 credits of 943 estimated',
    );
    const clean = buildReport(factsOf([doneItem('a', 0)], { money: { ...springFacts().money, estimated: null } }));
    expect(headlineOf(clean)).toBe(
      '1 done, 0 failed, 0 lost, 0 paid twice, 0 uncertain; spent 15 credits (price was unknown)',
    );
  });

  test('needs you: most urgent first, with commands that can be run as they are', () => {
    expect(report.needs_you).toEqual([
      { kind: 'uncertain', count: 1, command: 'headswap resolve spring-campaign-fr sh027' },
      { kind: 'paid-but-lost', count: 1, command: 'headswap resume spring-campaign-fr sh033' },
      { kind: 'budget', count: 1, command: 'headswap resume spring-campaign-fr --budget N' },
      { kind: 'pick', count: 1, command: 'headswap picks export spring-campaign-fr' },
      { kind: 'failed', count: 2, command: 'headswap resume spring-campaign-fr --only failed --dry-run' },
    ]);
  });

  test('a gate with nothing behind it needs nobody; names beyond plain ones are quoted for the shell', () => {
    const gates = [{ name: 'credits', reason: 'balance 3' }] as const;
    expect(buildReport(factsOf([doneItem('a', 0)], { gates })).needs_you).toEqual([]);
    const facts = springFacts({ gates });
    expect(buildReport(facts).needs_you.map(({ kind }) => kind)).toContain('gate-credits');
    const batch = { ...facts.batch, id: 'fête' };
    expect(buildReport({ ...facts, batch }).needs_you[4]?.command).toBe("headswap picks export 'fête'");
  });
});

describe('broken promises show', () => {
  const money = { estimated: 30, budget: null, balanceBefore: 1000, balanceAfter: 970, accountShared: false };
  const one = doneItem('a', 0);

  test('a row without an item is lost; a removed row does not make up for it', () => {
    const facts = factsOf([one, doneItem('b', 1)]);
    const batch = { ...facts.batch, manifest: { ...facts.batch.manifest, rows: 3 } };
    expect(buildReport({ ...facts, batch }).checks.lost).toBe(1);
    const removed = doneItem('c', 2, {
      state: 'cancelled',
      reason: { code: 'M-removed', message: 'no longer in the manifest', vendor: null, next: null },
    });
    const more = factsOf([one, doneItem('b', 1), removed]);
    expect(buildReport({ ...more, batch }).checks.lost).toBe(1);
  });

  test('a second charged task that nobody asked for is paid twice', () => {
    const twice = { ...one, attempts: [...one.attempts, ...one.attempts.map((a) => ({ ...a, n: 2 }))] };
    expect(buildReport(factsOf([twice])).checks).toEqual({ lost: 0, paid_twice: 1, paid_again_on_request: 0 });
    expect(countsOf(buildReport(factsOf([twice])))).toContain('1 paid twice');
  });

  test('failing for free and being created again is not paying twice', () => {
    const retried = {
      ...one,
      attempts: [...one.attempts.map((a) => ({ ...a, charged: 0 })), ...one.attempts.map((a) => ({ ...a, n: 2 }))],
    };
    expect(buildReport(factsOf([retried])).checks).toMatchObject({ paid_twice: 0, paid_again_on_request: 0 });
  });

  test('unexplained credits: what the balance lost beyond charges and holds', () => {
    expect(buildReport(factsOf([one], { money })).credits.unexplained).toBe(15);
    expect(buildReport(factsOf([one, doneItem('b', 1)], { money })).credits.unexplained).toBe(0);
    const held = {
      ...one,
      attempts: one.attempts.map((a) => ({ ...a, state: 'bound' as const, held: 30, charged: null })),
    };
    expect(buildReport(factsOf([held], { money })).credits.unexplained).toBe(0);
    expect(buildReport(factsOf([one], { money: { ...money, accountShared: true } })).credits.unexplained).toBeNull();
    expect(buildReport(factsOf([one], { money: { ...money, balanceAfter: null } })).credits.unexplained).toBeNull();
  });

  test('fractions of credits add up to what people expect', () => {
    const tenth = (id: string, n: number) => {
      const item = doneItem(id, n);
      return { ...item, attempts: item.attempts.map((a) => ({ ...a, charged: 0.1 })) };
    };
    expect(buildReport(factsOf([tenth('a', 0), tenth('b', 1), tenth('c', 2)])).credits.charged).toBe(0.3);
  });
});

test('whatever the ledger says, the report is valid and its totals add up', () => {
  const attempt = fc.record({
    state: fc.constantFrom(...ATTEMPT_STATES),
    held: fc.option(fc.nat(200)),
    charged: fc.option(fc.nat(200)),
    sentAtMs: fc.option(fc.integer({ min: T0, max: T0 + 1e9 })),
    settledAtMs: fc.option(fc.integer({ min: T0, max: T0 + 1e9 })),
    approvedBy: fc.option(fc.string({ maxLength: 5 })),
  });
  const anItem = fc.record({
    state: fc.constantFrom(...ITEM_STATES),
    heldBy: fc.constantFrom(null, 'budget' as const, 'stalled' as const),
    attempts: fc.array(attempt, { maxLength: 3 }),
    orphans: fc.nat(2),
    reason: fc.option(
      fc.record({
        code: fc.string(),
        message: fc.string(),
        vendor: fc.option(fc.string()),
        next: fc.option(fc.string()),
      }),
    ),
  });
  fc.assert(
    fc.property(fc.array(anItem, { maxLength: 8 }), (items) => {
      const built = items.map(({ state, heldBy, reason, attempts, orphans }, n) => {
        const one = doneItem(`i${n}`, n, { state, heldBy, reason });
        const orphan: TaskFact = {
          item: `i${n}`,
          attempt: 1,
          taskId: 'x',
          orphan: true,
          charged: 1,
          url: null,
          seenAtMs: null,
        };
        return {
          ...one,
          attempts: attempts.map((a, at): AttemptFact => ({ ...a, item: `i${n}`, n: at + 1 })),
          tasks: Array.from({ length: attempts.length > 0 ? orphans : 0 }, () => orphan),
        };
      });
      const facts = factsOf(built);
      const report = buildReport(facts);
      expectValid(report);
      const { totals } = report;
      const { done, failed, skipped, cancelled, waiting, uncertain, pending } = totals;
      expect(done + failed + skipped + cancelled + waiting + uncertain + pending).toBe(report.items.length);
      const charges = [...facts.attempts, ...facts.tasks.filter((t) => t.orphan)].reduce(
        (sum, x) => sum + (x.charged ?? 0),
        0,
      );
      expect(report.credits.charged).toBe(charges);
    }),
    { numRuns: 60 },
  );
});
