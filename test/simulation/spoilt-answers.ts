import type { TransportReason } from '../../akool/outcome.ts';
import type { Exchange } from '../../akool/transport.ts';
import type { Answer } from '../../emulator/answer.ts';

/** What an answer becomes on its way back. */
export type Spoil = (answer: Answer) => Exchange;

export function plain(answer: Answer): Exchange {
  const { code, msg, data, top } = answer;
  const body = JSON.stringify({ code, msg, ...top, ...(data === undefined ? {} : { data }) });
  return said(answer.httpStatus ?? 200, body, answer.retryAfter);
}

export function halved(answer: Answer): Exchange {
  const whole = plain(answer);
  return whole.kind === 'answer' ? { ...whole, body: whole.body.slice(0, Math.ceil(whole.body.length / 2)) } : whole;
}

export function html(status: number): Exchange {
  return said(status, `<html><body><h1>${status}</h1></body></html>`);
}

function said(httpStatus: number, body: string, retryAfter?: string): Exchange {
  return { kind: 'answer', httpStatus, body, retryAfter, date: undefined };
}

export function broken(reason: TransportReason, sent: 'no' | 'maybe', detail: string): Exchange & { kind: 'broken' } {
  return { kind: 'broken', reason, sent, httpStatus: null, detail };
}
