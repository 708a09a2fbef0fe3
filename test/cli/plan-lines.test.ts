import { describe, expect, it } from 'vitest';
import { noPaint } from '../../cli/paint.ts';
import { planLines } from '../../cli/render/plan-lines.ts';
import { runAgain } from '../../cli/run-again.ts';
import { plan, planItem } from './sample-plan.ts';

const shape = { paint: noPaint, next: 'headswap run spring.csv --budget 1200', checkedUrls: false, rehearsal: false };

describe('a plan for people', () => {
  it('says what would happen, what it costs, and what to type', () => {
    const items = [
      planItem('sh010', 'run', 15),
      planItem('sh020', 'run', 15),
      planItem('sh030', 'repay', 15),
      planItem('sh040', 'reuse'),
      planItem('sh050', 'pick'),
      planItem('row-33', 'bad'),
    ];
    expect(planLines(plan(items), shape).join('\n')).toMatchInlineSnapshot(`
      "Batch spring on account default (balance 1,430 when last read), new
      Ledger /shots/.headswap/ledger.db

          2  will run                   up to 30 credits
          1  will be paid again         up to 15 credits: sh030
          1  reused, nothing to pay     0
          1  needs a pick               not included
          1  bad row                    0, kept as failed: row-33

      Cost: 18 to 45 credits, budget 1,200 credits
      Prices: learnt from what this ledger was charged before
      Worst case on a crash: creates whose answer is lost would be held for you, at most 80 credits.
      Time: about 22 min
      Not checked: whether the vendor can read the videos (\`headswap plan --check-urls\` tries).
      Nothing was spent. Next:
        headswap run spring.csv --budget 1200"
    `);
  });

  it('names what would be paid again, and not two hundred ids', () => {
    const items = Array.from({ length: 200 }, (_, index) => planItem(`sh${index}`, 'repay', 15));
    const text = planLines(plan(items), shape).join('\n');
    expect(text).toMatch(/200 {2}will be paid again .*: sh0, sh1, .*sh7 and 192 more/u);
    expect(text).not.toContain('sh8,');
  });

  it('never shows an unknown price as a number', () => {
    const unknown = plan([planItem('sh010', 'run', null)], {
      credits: { low: null, high: null, basis: 'unknown' },
      maxUncertainCredits: null,
      seconds: null,
    });
    const text = planLines(unknown, shape).join('\n');
    expect(text).toContain('Cost: price unknown');
    expect(text).toContain('creates go out one at a time');
    expect(text).not.toMatch(/\b0 credits/u);
  });

  it('announces a new ledger and warns when the budget is less than the cost', () => {
    const text = planLines(
      plan([planItem('sh010', 'run', 45)], { budget: 20, ledger: { location: 'x.db', isNew: true } }),
      shape,
    ).join('\n');
    expect(text).toContain('New ledger x.db: work paid elsewhere is not known here');
    expect(text).toContain('the budget will hold some of it back');
  });

  it('says so when a closed window would hold it at first', () => {
    const window = { reason: 'outside the production windows', reopens: 'Mon 20:00 Europe/Oslo', opens_at: null };
    const text = planLines(plan([planItem('sh010', 'run', 15)], { window }), shape).join('\n');
    expect(text).toContain('Waits at first: outside the production windows; reopens: Mon 20:00 Europe/Oslo');
  });

  it('says so when nothing would be paid', () => {
    const text = planLines(plan([planItem('sh010', 'done')], { spends: false }), { ...shape, next: null }).join('\n');
    expect(text).toContain('Cost: nothing will be paid for.');
    expect(text).not.toContain('Next:');
  });

  it('lets no vendor or file name move the cursor', () => {
    const bad = plan([planItem('sh\u001b[2J010', 'repay', 15)], {
      unreachable: [{ url: 'https://x/\u0007', problem: 'a\nb' }],
    });
    // oxlint-disable-next-line no-control-regex
    expect(planLines(bad, shape).join('')).not.toMatch(/[\u0000-\u001f]/u);
  });
});

describe('the command that does what was planned', () => {
  it('repeats what decided the plan, quoted for a shell', () => {
    const flags = {
      budget: 1200,
      batch: "it's",
      again: true as const,
      first: 3,
      faces: 'my faces.csv',
      skipBadRows: undefined,
    };
    expect(runAgain('a b.csv', flags, { account: 'emulator' })).toBe(
      String.raw`headswap run 'a b.csv' --account emulator --batch 'it'\''s' --budget 1200 --faces 'my faces.csv' --first 3 --again`,
    );
  });
});
