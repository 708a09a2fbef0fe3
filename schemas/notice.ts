/** What people can be told of by a message, and the words for it. Pure. */

export const NOTICE_EVENTS = [
  'finished',
  'finished-with-failures',
  'waiting-for-picks',
  'credits',
  'uncertain',
  'output-expiring',
  'schedule-skipped',
  'schedule-refused',
  'charge-above-estimate',
] as const;
export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

/** A message as it is kept and sent: numbers, words and commands. Never a face, a source URL or a secret. */
export interface Notice {
  readonly type: `batch.${NoticeEvent}` | 'test';
  /** ISO 8601, when it happened. */
  readonly timestamp: string;
  readonly data: {
    readonly batch: string;
    readonly account: string | null;
    readonly round: number | null;
    readonly state: string | null;
    /** One sentence for people. */
    readonly text: string;
    /** The command that goes on from here; empty when nothing is to be done. */
    readonly next: string;
    readonly totals: Readonly<Record<string, number>> | null;
    readonly credits: {
      readonly charged: number;
      readonly budget: number | null;
      readonly estimated: number | null;
    } | null;
    /** Path of the report under the storage root; null when there is none. */
    readonly report: string | null;
  };
}

/** Takes addresses out of a text that may quote a manifest: they can be signed, or show a person. */
export function withoutAddresses(text: string): string {
  return text.replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)\]]+/giu, '(address)');
}

/** What a Slack-compatible receiver takes. */
export function slackBody({ data }: Notice): { readonly text: string } {
  const next = data.next === '' ? '' : `\nNext: \`${data.next}\``;
  return { text: `*${data.batch}*: ${data.text}${next}` };
}
