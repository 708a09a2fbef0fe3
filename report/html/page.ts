/** The report for people: one page that needs nothing but itself and the files beside it. */
import { createHash } from 'node:crypto';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Report } from '../../schemas/report.ts';
import { countsOf } from '../headline.ts';
import { itemDetails } from './item-details.ts';
import type { LinkTo } from './item-row.ts';
import { ItemsSection } from './items-section.ts';
import { MoneySection } from './money-section.ts';
import { NeedsSection } from './needs-section.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { NOSCRIPT_STYLE, PAGE_STYLE } from './page-style.ts';
import { EventsSection, FacesSection, ReproduceSection, ReusedSection } from './record-sections.ts';
import { Summary } from './summary.ts';
import { TimeSection } from './time-section.ts';

const STYLE = PAGE_STYLE.trim();
const hashSource = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * Nothing from elsewhere: no connection, no frame, no font; pictures and films only from beside the page (`file:` is what
 * "self" is called for a page opened from a disk); only the one style sheet and the one script.
 */
const POLICY = [
  "default-src 'none'",
  "img-src 'self' file: data:",
  "media-src 'self' file:",
  `style-src ${hashSource(STYLE)} ${hashSource(NOSCRIPT_STYLE)}`,
  `script-src ${hashSource(PAGE_SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** `linkTo` turns a stored file into a link relative to where the page will lie; null leaves it without one. */
export function reportHtml(report: Report, linkTo: LinkTo): string {
  const body = renderToString(
    h('body', null, [
      h('a', { class: 'skip', href: '#:items' }, 'Go to the items'),
      h('main', null, [
        h(Summary, { report }),
        h('div', { class: 'pair' }, [h(NeedsSection, { report }), h(MoneySection, { report })]),
        h(ItemsSection, { report, linkTo }),
        h(TimeSection, { report }),
        h(ReusedSection, { report }),
        h(FacesSection, { report }),
        h(EventsSection, { report }),
        h(ReproduceSection, { report }),
      ]),
    ]),
  );
  const data = jsonInScript(report.items.map((item) => itemDetails(item, linkTo)));
  const title = renderToString(h('title', null, `${report.batch.name}: ${countsOf(report)}`));
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `${title}<style>${STYLE}</style><noscript><style>${NOSCRIPT_STYLE}</style></noscript></head>`,
    body.replace(/<\/body>$/, ''),
    `<script type="application/json" id=":data">${data}</script>`,
    `<script>${PAGE_SCRIPT}</script></body></html>\n`,
  ].join('\n');
}

/** JSON that no parser of HTML takes for the end of the script or the start of a comment. */
function jsonInScript(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
