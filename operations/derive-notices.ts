import type { Selectable } from 'kysely';
import type { Ledger, Tx } from '../ledger/open-ledger.ts';
import {
  batchesWithOldLinks,
  batchesWithoutCredits,
  enterNotice,
  eventsOfTypes,
  moveNoticeCursor,
  noticeCursor,
  noticeKnown,
  roundAt,
} from '../ledger/notices.ts';
import { batchRow, lastEventSeq, stateCounts } from '../ledger/status-queries.ts';
import type { BatchRow, EventTable } from '../ledger/tables.ts';
import { shellWord } from '../report/needs-you.ts';
import type { NotifyTarget } from '../schemas/config.ts';
import type { EventType } from '../schemas/events.ts';
import { withoutAddresses, type Notice, type NoticeEvent } from '../schemas/notice.ts';
import type { ItemState } from '../schemas/states.ts';

type EventRow = Selectable<EventTable>;
type Targets = readonly Pick<NotifyTarget, 'name' | 'events'>[];

const TELLING: readonly EventType[] = [
  'round-ended',
  'wait-ended',
  'charge-above-estimate',
  'schedule-skipped',
  'schedule-missed',
  'schedule-refused',
];
// More than the look back below: a full page must lead further.
const EVENTS_AT_ONCE = 1_000;
/** What happened while nobody was there to tell it, longer ago than this, is on the record and no news. */
const OLD_NEWS_MS = 86_400_000;
/** PostgreSQL hands out numbers before it commits: an event may appear below one that was read. Made again, it changes nothing. */
const LOOK_BACK = 500;
/** Links may die after seven days (vendor documentation of sibling products); people get two to act. */
const LINK_OLD_MS = 5 * 86_400_000;

/**
 * Makes the messages that the ledger's record calls for since the last look: one for each batch, round (or event) and
 * receiver, whoever looks and however often. Returns how many were made.
 */
export function deriveNotices(ledger: Ledger, targets: Targets): Promise<number> {
  return ledger.write(async (tx, nowMs) => {
    const cursor = await noticeCursor(tx);
    const last = await lastEventSeq(tx);
    // Receivers are told of what happens from now on.
    if (cursor === null) return moveNoticeCursor(tx, { seq: last, began: last }).then(() => 0);
    const { seq, began } = cursor;
    const from = ledger.dialect === 'postgres' ? Math.max(began, seq - LOOK_BACK) : seq;
    const events =
      seq === last && ledger.dialect === 'sqlite'
        ? []
        : await eventsOfTypes(tx, TELLING, { seq: from, atMs: nowMs - OLD_NEWS_MS }, EVENTS_AT_ONCE);
    let made = 0;
    for (const event of events) made += await tellEvent(tx, event, targets, nowMs);
    for (const { id, round, reason } of await batchesWithoutCredits(tx)) {
      const text = `${withoutAddresses(reason)}. Nothing more is created; it goes on by itself within a minute after a top-up.`;
      made += await tell(
        tx,
        { batch: id, subject: `round ${round}`, event: 'credits' },
        { text, next: 'headswap credits' },
        targets,
        nowMs,
      );
    }
    for (const { id, round, count } of await batchesWithOldLinks(tx, nowMs - LINK_OLD_MS)) {
      const text = `${count} paid ${count === 1 ? 'output is' : 'outputs are'} not here yet, and the vendor's links may die soon.`;
      const next = `headswap fetch ${shellWord(id)} --missing`;
      made += await tell(
        tx,
        { batch: id, subject: `round ${round}`, event: 'output-expiring' },
        { text, next },
        targets,
        nowMs,
      );
    }
    const reached = events.length === EVENTS_AT_ONCE ? Math.max(seq, events.at(-1)?.seq ?? seq) : last;
    if (reached !== seq) await moveNoticeCursor(tx, { seq: reached, began });
    return made;
  });
}

async function tellEvent(tx: Tx, event: EventRow, targets: Targets, nowMs: number): Promise<number> {
  const batch = event.batch;
  if (batch === null) return 0;
  const name = shellWord(batch);
  const subject = `round ${await roundAt(tx, batch, event.seq)}`;
  switch (event.type) {
    case 'round-ended':
      return tellRoundEnd(tx, event, { batch, subject }, targets, nowMs);
    case 'wait-ended':
      return tell(tx, { batch, subject, event: 'uncertain' }, uncertainWords(name, null), targets, nowMs);
    case 'charge-above-estimate': {
      const text = `A task was ${event.detail}. Further ones are expected at the higher price.`;
      return tell(tx, { batch, subject, event: event.type }, { text, next: `headswap status ${name}` }, targets, nowMs);
    }
    case 'schedule-refused': {
      const text = `A run was refused, for nothing: ${withoutAddresses(event.detail)}`;
      const about = { batch, subject: `event ${event.seq}`, event: event.type } as const;
      return tell(tx, about, { text, next: `headswap schedule show ${name}` }, targets, nowMs);
    }
    case 'schedule-skipped':
    case 'schedule-missed': {
      const word = event.type === 'schedule-missed' ? 'missed' : 'left out';
      const text = `A run was ${word}: ${withoutAddresses(event.detail)}`;
      const about = { batch, subject: `event ${event.seq}`, event: 'schedule-skipped' } as const;
      return tell(tx, about, { text, next: `headswap schedule show ${name}` }, targets, nowMs);
    }
    default:
      return 0;
  }
}

async function tellRoundEnd(
  tx: Tx,
  event: EventRow,
  about: { readonly batch: string; readonly subject: string },
  targets: Targets,
  nowMs: number,
): Promise<number> {
  const counts = await countsOf(tx, about.batch);
  const name = shellWord(about.batch);
  const { items, done, failed, cancelled } = counts;
  let made = 0;
  if (event.detail === 'finished') {
    const short = failed + cancelled;
    made +=
      short === 0
        ? await tell(
            tx,
            { ...about, event: 'finished' },
            { text: `Finished: ${done} of ${items} done.`, next: `headswap report ${name}` },
            targets,
            nowMs,
          )
        : await tell(
            tx,
            { ...about, event: 'finished-with-failures' },
            {
              text: `Finished: ${done} of ${items} done, ${failed} failed, ${cancelled} cancelled.`,
              next: `headswap resume ${name} --dry-run`,
            },
            targets,
            nowMs,
          );
  }
  if (counts['needs-pick'] > 0) {
    const picks = counts['needs-pick'];
    const text = `${picks} ${picks === 1 ? 'item waits' : 'items wait'} for a person to pick who gets which face.`;
    made += await tell(
      tx,
      { ...about, event: 'waiting-for-picks' },
      { text, next: `headswap picks export ${name}` },
      targets,
      nowMs,
    );
  }
  if (counts.uncertain > 0)
    made += await tell(tx, { ...about, event: 'uncertain' }, uncertainWords(name, counts.uncertain), targets, nowMs);
  return made;
}

function uncertainWords(name: string, count: number | null): { text: string; next: string } {
  const what = count === null ? 'A create' : count === 1 ? '1 create' : `${count} creates`;
  return {
    text: `${what} went out and no answer came in time: it may have been charged. Nothing is sent again; a person settles it.`,
    next: `headswap status ${name} --state uncertain`,
  };
}

async function tell(
  tx: Tx,
  about: { readonly batch: string; readonly subject: string; readonly event: NoticeEvent },
  words: { readonly text: string; readonly next: string },
  targets: Targets,
  nowMs: number,
): Promise<number> {
  const receivers = targets.filter((target) => target.events.includes(about.event));
  if (receivers.length === 0 || (await noticeKnown(tx, about))) return 0;
  const batch = await batchRow(tx, about.batch);
  const notice = noticeOf(about, words, batch, batch === null ? null : await countsOf(tx, about.batch), nowMs);
  let made = 0;
  for (const { name } of receivers) if (await enterNotice(tx, { ...about, target: name }, notice, nowMs)) made += 1;
  return made;
}

/** Numbers, words and commands; what a manifest names stays out. Pure. */
function noticeOf(
  about: { readonly batch: string; readonly event: NoticeEvent },
  words: { readonly text: string; readonly next: string },
  batch: BatchRow | null,
  totals: Readonly<Record<string, number>> | null,
  nowMs: number,
): Notice {
  return {
    type: `batch.${about.event}`,
    timestamp: new Date(nowMs).toISOString(),
    data: {
      batch: about.batch,
      account: batch?.account ?? null,
      round: batch?.round ?? null,
      state: batch?.state ?? null,
      ...words,
      totals,
      credits: batch === null ? null : { charged: batch.charged, budget: batch.budget, estimated: batch.estimated },
      report: batch === null || batch.state === 'running' ? null : `${batch.id}/report.html`,
    },
  };
}

type Counts = Record<ItemState, number> & { readonly items: number };

async function countsOf(tx: Tx, batch: string): Promise<Counts> {
  const counts: Record<string, number> = {
    done: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
    uncertain: 0,
    'needs-pick': 0,
  };
  let items = 0;
  for (const { state, count } of await stateCounts(tx, batch)) {
    counts[state] = (counts[state] ?? 0) + count;
    items += count;
  }
  return { ...counts, items } as Counts;
}
