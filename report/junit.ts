/** JUnit XML for CI: one test case per item; what is not done for want of a person or money is an error, not a failure. */
import type { Report, ReportItem } from '../schemas/report.ts';
import { totalsKeyOf } from '../schemas/totals.ts';
import { secondsOf } from './stage-times.ts';

export function reportJunit(report: Report): string {
  const cases = report.items.map(caseOf);
  const count = (kind: Verdict['kind']) => cases.filter((one) => one.verdict.kind === kind).length;
  const attributes = {
    name: report.batch.name,
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    timestamp: report.batch.created_at,
    time: cases.reduce((sum, one) => sum + one.seconds, 0).toFixed(3),
  };
  const body = cases.map((one) => caseXml(one, report.batch.name)).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n<testsuite${attributesXml(attributes)}>\n${body}</testsuite>\n</testsuites>\n`;
}

type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'skipped' | 'failure' | 'error'; readonly type: string; readonly message: string };

interface Case {
  readonly item: ReportItem;
  readonly verdict: Verdict;
  readonly seconds: number;
}

function caseOf(item: ReportItem): Case {
  return { item, verdict: verdictOf(item), seconds: secondsOf(item) };
}

function verdictOf(item: ReportItem): Verdict {
  const message = item.reason?.message ?? item.state;
  const type = item.reason?.code ?? item.state;
  switch (totalsKeyOf(item.state, null)) {
    case 'done':
      return { kind: 'passed' };
    case 'skipped':
      return { kind: 'skipped', type, message };
    case 'failed':
    case 'cancelled':
      return { kind: 'failure', type, message };
    default:
      return { kind: 'error', type, message: `not finished (${item.state}): ${message}` };
  }
}

function caseXml({ item, verdict, seconds }: Case, batch: string): string {
  const attributes = attributesXml({
    name: item.id,
    classname: batch,
    file: item.row.file,
    line: item.row.line,
    time: seconds.toFixed(3),
  });
  if (verdict.kind === 'passed') return `<testcase${attributes}/>\n`;
  if (verdict.kind === 'skipped')
    return `<testcase${attributes}><skipped${attributesXml({ message: verdict.message })}/></testcase>\n`;
  const { kind, type, message } = verdict;
  const detail = [item.reason?.vendor, item.reason?.next]
    .filter((text) => text !== undefined && text !== '')
    .join('\n');
  return `<testcase${attributes}><${kind}${attributesXml({ type, message })}>${escapeXml(detail)}</${kind}></testcase>\n`;
}

function attributesXml(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters XML 1.0 does not have, half ones included, become a replacement mark; line ends in attributes survive. */
export function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- control characters are what XML forbids
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
      .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
      .replaceAll(/[\t\n\r]/g, (character) => `&#${character.codePointAt(0)};`)
  );
}
