import { expect, it } from 'vitest';
import type { ResumeItem, ResumePlan } from '../../operations/resume.ts';
import { noPaint } from '../../cli/paint.ts';
import { resumeLines } from '../../cli/render/resume-lines.ts';

const item = (id: string, action: ResumeItem['action'], state: ResumeItem['state'], why: string): ResumeItem => ({
  id,
  state,
  action,
  why,
  credits: null,
});

it('says of each item why it will or will not run again, the same reason once, and the cost', () => {
  const items = [
    item('sh014', 'again', 'failed', 'P104: processing error at create'),
    item('sh019', 'no', 'failed', 'P201: no person found; change the video or the rule'),
    ...Array.from({ length: 9 }, (_, index) => item(`sh10${index}`, 'goes-on', 'pending', 'not created yet')),
    item('sh001', 'no', 'done', 'done'),
  ];
  const plan: ResumePlan = {
    options: { batch: 'spring' },
    batch: 'spring',
    account: 'default',
    items,
    counts: { again: 1, goes_on: 9, no: 2, done: 1 },
    credits: { low: 60, high: 150, basis: 'rate-card' },
    budget: 1200,
    spends: true,
    ledger: '.headswap/ledger.db',
    steps: [],
    digest: 'd',
  };
  expect(resumeLines(plan, noPaint).join('\n')).toMatchInlineSnapshot(`
    "Batch spring on account default. Ledger .headswap/ledger.db
       1  will be tried again
            sh014: P104: processing error at create
       9  go on where they are
            sh100, sh101, sh102, sh103, sh104, sh105 and 3 more items: not created yet
       1  will not run again
            sh019: P201: no person found; change the video or the rule
       1  done, untouched
    Cost: 60 to 150 credits, budget 1,200 credits. Prices: from \`prices\` in headswap.yaml"
  `);
});
