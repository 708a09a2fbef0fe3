/** The data of the page's script: one short record per item, for what the rows do not say. Keys are read by `page-script.ts`. */
import type { ReportItem } from '../../schemas/report.ts';
import type { LinkTo } from './item-row.ts';
import { hrefOfPath, readableBytes, webAddress } from './readable.ts';

/** Empty and null fields are left out: at 5,000 items every key counts. */
export function itemDetails(item: ReportItem, linkTo: LinkTo): Record<string, unknown> {
  const file = item.output?.file ?? null;
  return dense({
    play: file === null ? null : linkTo(file),
    src: webAddress(item.video),
    video: webAddress(item.video) === null ? item.video : null,
    row: `${item.row.file}:${item.row.line}`,
    project: item.project,
    x: Object.keys(item.x).length === 0 ? null : item.x,
    found: item.people_found,
    res: item.resolution,
    vendor: item.reason?.vendor ?? null,
    next: item.reason?.next ?? null,
    map: item.mappings.map((mapping) =>
      dense({
        id: mapping.obj_id,
        face: mapping.face,
        url: webAddress(mapping.img_url),
        pic: mapping.preview === null ? null : hrefOfPath(mapping.preview),
        consent: mapping.consent,
        until: mapping.until,
      }),
    ),
    people: item.people.map((person) =>
      dense({
        id: person.obj_id,
        url: webAddress(person.preview_url),
        pic: person.preview === null ? null : hrefOfPath(person.preview),
      }),
    ),
    tries: item.attempts.map((attempt) =>
      dense({
        n: attempt.n,
        state: attempt.state,
        task: attempt.task_id,
        held: attempt.held,
        charged: attempt.charged,
        by: attempt.approved_by,
        lost: attempt.state === 'uncertain' ? lostWords(attempt) : null,
        orphans:
          attempt.orphans.length === 0
            ? null
            : attempt.orphans.map((o) => dense({ task: o.task_id, charged: o.charged })),
      }),
    ),
    out:
      item.output === null
        ? null
        : dense({
            file,
            url: webAddress(item.output.url),
            size: item.output.bytes === null ? null : readableBytes(item.output.bytes),
            sha: item.output.sha256,
            media: item.output.media,
          }),
    reused: item.reused_from,
    times: item.timeline.map(({ state, at }) => [state, Date.parse(at)]),
  });
}

/** What is known about a create whose answer was lost; the commands that settle it stand with the item. */
function lostWords({ sent_at, uncertain }: ReportItem['attempts'][number]): string | null {
  if (uncertain === null) return null;
  const until = uncertain.awaited_until;
  const cost = uncertain.may_cost === null ? 'price unknown' : `may have cost ${uncertain.may_cost}`;
  const balance = uncertain.balance_before === null ? '' : `, balance then ${uncertain.balance_before}`;
  const callback = until === null ? 'no callback can come' : `callback awaited until ${until}`;
  return `sent ${sent_at ?? 'at an unknown time'}, ${cost}${balance}, ${callback}`;
}

function dense(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
