/** What the record of events says to people: calm, in the past, what it meant for the work. */
import type { EventType } from '../schemas/events.ts';
import type { ReportEvent } from '../schemas/report.ts';

const WORDING: Readonly<Record<EventType, string>> = {
  submitted: 'The batch was submitted',
  'round-opened': 'A new round over the open items began',
  'round-ended': 'The round ended',
  'manifest-changed': 'The manifest had changed; new and changed rows were taken up',
  'driver-started': 'The work was taken up',
  'driver-restarted': 'The work was interrupted and taken up again where it was',
  'driver-stopped': 'The work was stopped in good order',
  'gate-closed': 'New spending was held back; paid work went on',
  'gate-opened': 'New spending went on',
  'pace-changed': 'The pace was adapted to what the vendor accepts',
  'ceiling-changed': 'The number of open tasks was adapted to what the vendor accepts',
  paused: 'The batch was paused',
  stopped: 'The batch was stopped',
  cancelled: 'The batch was cancelled; paid work was still collected',
  'budget-set': 'The budget was set',
  retried: 'A call was repeated; nothing was paid for it',
  'analysis-repeated': 'A video was analysed again',
  uncertain: 'An answer was lost; the task was not sent again',
  'settled-late': 'A late answer settled an uncertain task',
  'wait-ended': 'No callback settled an uncertain task in time; a person decides',
  'paid-again': 'An uncertain task was given up and paid again, as the settings allow',
  'callback-refused': 'A callback was not believed; it changed nothing',
  resolved: 'A person settled an uncertain task',
  'orphan-found': 'A task turned up for an attempt that had been given up; it is on the record',
  'ledger-rebuilt': 'the ledger was rebuilt from its journal',
  purged: 'Faces, previews and URLs were erased',
  picked: 'A person decided who gets which face',
  skipped: 'A person gave an item up',
  stalled: 'A task took long; it was still watched',
  'charge-above-estimate': 'A charge was higher than expected; later ones were expected at the higher price',
  'output-retried': 'An output was fetched again; nothing was paid for it',
  'output-lost': 'An output was paid for but its link is gone',
  'balance-read': 'The balance was read',
  'engine-replaced': 'The engine was replaced; the work went on from the ledger',
  'schedule-created': 'The schedule was made',
  'schedule-changed': 'The schedule was changed by hand',
  'schedule-run': 'A run of the schedule began',
  'schedule-skipped': 'A run of the schedule was left out; it cost nothing',
  'schedule-missed': 'A due time of the schedule passed without a run',
  'schedule-refused': 'A run of the schedule was refused before it cost anything',
};

export function wordingOf(type: string): string {
  return Object.hasOwn(WORDING, type) ? WORDING[type as EventType] : `${type.replaceAll('-', ' ')}`;
}

export interface EventLineText {
  readonly at: string;
  readonly until: string | null;
  readonly times: number;
  readonly text: string;
  readonly detail: string;
  readonly by: string;
}

/** Neighbours of one kind become one line with a count, so that a hundred changes of pace do not hide one closed gate. */
export function eventLines(events: readonly ReportEvent[]): EventLineText[] {
  const lines: EventLineText[] = [];
  let type: string | null = null;
  for (const event of events) {
    const last = lines.at(-1);
    const { at, by, detail } = event;
    if (last !== undefined && event.type === type) {
      lines[lines.length - 1] = { ...last, until: at, times: last.times + 1, detail, by };
    } else lines.push({ at, until: null, times: 1, text: wordingOf(event.type), detail, by });
    type = event.type;
  }
  return lines;
}
