import type { CreateConnectionOptions } from '../../akool/create-connection.ts';
import type { TransportReason } from '../../akool/outcome.ts';
import type { OpenCreate, Wire } from '../../akool/socket-wire.ts';
import type { Exchange, HttpRequest } from '../../akool/transport.ts';
import { PATHS } from '../../akool/wire.ts';
import { refusal, type Answer } from '../../emulator/answer.ts';
import type { FaultDice } from './fault-dice.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimVendor } from './sim-vendor.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface WireSurroundings {
  readonly time: VirtualTime;
  readonly vendor: SimVendor;
  readonly dice: FaultDice;
  readonly process: SimProcess;
  readonly timeoutMs: number;
  /** Which attempt the activity that runs here is about. */
  readonly attempt: () => number;
  /** In the tick in which the first byte leaves. */
  readonly onFirstByte: (attempt: number, process: SimProcess) => void;
  readonly onAccepted: (attempt: number, task: string) => void;
  readonly onAnswered: (attempt: number, task: string, process: SimProcess) => void;
}

type Spoil = (answer: Answer) => Exchange;

/** How one exchange goes: whether it arrives, whether the vendor does what it asks, what comes back and when. */
interface Passage {
  readonly arrives: boolean;
  /** What the vendor answers instead of working; null: it works. */
  readonly instead: Answer | Exchange | null;
  readonly back: Spoil | null;
  /** Milliseconds on top of the ordinary way. */
  readonly lateMs: number;
}

const STRAIGHT: Passage = { arrives: true, instead: null, back: null, lateMs: 0 };

/** The vendor's network as one process sees it. */
export function simWire(around: WireSurroundings): Wire {
  return {
    exchange: (request) => exchange(around, request, passageOf(around, request), () => undefined),
    openCreate: (options) => openCreate(around, options),
    close: () => Promise.resolve(),
  };
}

async function openCreate(
  around: WireSurroundings,
  { headers, url }: CreateConnectionOptions,
): Promise<OpenCreate | (Exchange & { kind: 'broken' })> {
  const { dice, process, vendor } = around;
  await process.sleep(dice.between(1, 30));
  if (vendor.down || dice.happens('create: connection refused')) return broken('connect', 'no', 'ECONNREFUSED');
  let usable = true;
  const closes = dice.happens('create: closed before the send');
  return {
    get usable() {
      return usable && !closes;
    },
    write(body) {
      usable = false;
      const attempt = around.attempt();
      around.onFirstByte(attempt, process);
      const request = { method: 'POST', path: url.pathname, headers, body } as const;
      let task: string | null = null;
      const passage = createPassage(around);
      const whole = passage.back === null && passage.instead === null;
      return exchange(around, request, passage, (answer) => {
        const id = answer.data?.['_id'];
        if (answer.code !== 1000 || typeof id !== 'string') return;
        task = id;
        around.onAccepted(attempt, id);
      }).then((answer) => {
        if (whole && task !== null && answer.kind === 'answer') around.onAnswered(attempt, task, process);
        return answer;
      });
    },
    discard() {
      usable = false;
    },
  };
}

function exchange(
  around: WireSurroundings,
  request: HttpRequest,
  passage: Passage,
  onHandled: (answer: Answer) => void,
): Promise<Exchange> {
  const { time, vendor, dice, process } = around;
  return new Promise((resolve) => {
    const deadline = process.alarm(around.timeoutMs, () =>
      resolve(broken('deadline', 'maybe', `no complete answer in ${around.timeoutMs} ms`)),
    );
    const hear = (answer: Exchange): void =>
      process.deliver(() => {
        deadline.cancel();
        resolve(answer);
      });
    time.after(dice.between(2, 40), () => {
      // What a process that died had written is sent by its kernel, or dies with it.
      if (!passage.arrives || (process.dead && dice.whole(0, 1) === 0)) return;
      if (vendor.down) {
        time.after(dice.between(2, 40), () => hear(html(502)));
        return;
      }
      const { instead } = passage;
      if (instead !== null && 'kind' in instead) {
        time.after(dice.between(2, 40), () => hear(instead));
        return;
      }
      const answer = instead ?? vendor.handle(request);
      if (instead === null) onHandled(answer);
      const said = (passage.back ?? plain)(answer);
      if (said.kind === 'broken' && said.reason === 'deadline') return;
      time.after(dice.between(2, 60) + passage.lateMs, () => hear(said));
    });
  });
}

const NEVER: Spoil = () => broken('deadline', 'maybe', 'lost');

function createPassage({ dice, timeoutMs }: WireSurroundings): Passage {
  const fault = dice.oneOf([
    'create: lost on the way',
    'create: answer lost',
    'create: reset after acceptance',
    'create: answered too late',
    'create: 502, accepted',
    'create: 502, not accepted',
    'create: HTML, accepted',
    'create: half an answer',
    'create: no id',
    'create: id of another type',
    'create: 1015',
    'create: 2001, accepted',
    'create: unknown code',
    'create: throttled',
    'create: the analysis is gone',
  ]);
  switch (fault) {
    case null:
      return STRAIGHT;
    case 'create: lost on the way':
      return { ...STRAIGHT, arrives: false };
    case 'create: answer lost':
      return { ...STRAIGHT, back: NEVER };
    case 'create: reset after acceptance':
      return { ...STRAIGHT, back: () => broken('reset', 'maybe', 'ECONNRESET') };
    case 'create: answered too late':
      return { ...STRAIGHT, back: plain, lateMs: timeoutMs + dice.between(1, 20_000) };
    case 'create: 502, accepted':
      return { ...STRAIGHT, back: () => html(502) };
    case 'create: 502, not accepted':
      return { ...STRAIGHT, instead: html(502) };
    case 'create: HTML, accepted':
      return { ...STRAIGHT, back: () => html(200) };
    case 'create: half an answer':
      return { ...STRAIGHT, back: halved };
    case 'create: no id':
      return { ...STRAIGHT, back: (answer) => plain({ ...answer, data: { ...answer.data, _id: undefined } }) };
    case 'create: id of another type':
      return { ...STRAIGHT, back: (answer) => plain({ ...answer, data: { ...answer.data, _id: 12_345 } }) };
    case 'create: 1015':
      return { ...STRAIGHT, instead: refusal(1015) };
    case 'create: 2001, accepted':
      return { ...STRAIGHT, back: () => plain(refusal(2001)) };
    case 'create: unknown code':
      return { ...STRAIGHT, instead: refusal(4711) };
    case 'create: throttled':
      return { ...STRAIGHT, instead: throttled(dice) };
    case 'create: the analysis is gone':
      return {
        ...STRAIGHT,
        instead: refusal(1003, 'The analysis of this video_url does not exist or is not completed'),
      };
  }
}

function passageOf(around: WireSurroundings, request: HttpRequest): Passage {
  return request.path.startsWith(PATHS.analyze) && request.method === 'POST'
    ? analyzePassage(around)
    : readPassage(around);
}

function analyzePassage({ dice }: WireSurroundings): Passage {
  const fault = dice.oneOf([
    'analyze: lost on the way',
    'analyze: answer lost',
    'analyze: 502',
    'analyze: HTML',
    'analyze: 1015',
    'analyze: throttled',
  ]);
  switch (fault) {
    case null:
      return STRAIGHT;
    case 'analyze: lost on the way':
      return { ...STRAIGHT, arrives: false };
    case 'analyze: answer lost':
      return { ...STRAIGHT, back: NEVER };
    case 'analyze: 502':
      return { ...STRAIGHT, back: () => html(502) };
    case 'analyze: HTML':
      return { ...STRAIGHT, back: () => html(200) };
    case 'analyze: 1015':
      return { ...STRAIGHT, instead: refusal(1015) };
    case 'analyze: throttled':
      return { ...STRAIGHT, instead: throttled(dice) };
  }
}

function readPassage({ dice }: WireSurroundings): Passage {
  const fault = dice.oneOf([
    'read: no answer',
    'read: 502',
    'read: HTML',
    'read: half an answer',
    'read: throttled',
    'read: status as text',
    'read: unknown status',
    'read: status goes backwards',
    'read: success without a link',
    'read: empty data',
    'read: not found',
  ]);
  const withData = (change: Record<string, unknown>): Passage => ({
    ...STRAIGHT,
    back: (answer) => plain(answer.data === undefined ? answer : { ...answer, data: { ...answer.data, ...change } }),
  });
  switch (fault) {
    case null:
      return STRAIGHT;
    case 'read: no answer':
      return { ...STRAIGHT, arrives: false };
    case 'read: 502':
      return { ...STRAIGHT, back: () => html(502) };
    case 'read: HTML':
      return { ...STRAIGHT, back: () => html(200) };
    case 'read: half an answer':
      return { ...STRAIGHT, back: halved };
    case 'read: throttled':
      return { ...STRAIGHT, instead: throttled(dice) };
    case 'read: status as text':
      return {
        ...STRAIGHT,
        back: (answer) => plain({ ...answer, data: { ...answer.data, status: String(answer.data?.['status']) } }),
      };
    case 'read: unknown status':
      return withData({ status: 7, video_url: null, analysis_result: null });
    case 'read: status goes backwards':
      return withData({ status: 2, video_url: null, analysis_result: null, deduction_duration: 0 });
    case 'read: success without a link':
      return withData({ status: 3, video_url: '' });
    case 'read: empty data':
      return { ...STRAIGHT, back: (answer) => plain({ ...answer, data: {} }) };
    case 'read: not found':
      return { ...STRAIGHT, instead: refusal(1014) };
  }
}

function throttled(dice: FaultDice): Answer {
  const answer = refusal(1005);
  return dice.whole(0, 1) === 0 ? answer : { ...answer, httpStatus: 429, retryAfter: String(dice.whole(1, 4)) };
}

function plain(answer: Answer): Exchange {
  const { code, msg, data, top } = answer;
  const body = JSON.stringify({ code, msg, ...top, ...(data === undefined ? {} : { data }) });
  return said(answer.httpStatus ?? 200, body, answer.retryAfter);
}

function halved(answer: Answer): Exchange {
  const whole = plain(answer);
  return whole.kind === 'answer' ? { ...whole, body: whole.body.slice(0, Math.ceil(whole.body.length / 2)) } : whole;
}

function html(status: number): Exchange {
  return said(status, `<html><body><h1>${status}</h1></body></html>`);
}

function said(httpStatus: number, body: string, retryAfter?: string): Exchange {
  return { kind: 'answer', httpStatus, body, retryAfter, date: undefined };
}

function broken(reason: TransportReason, sent: 'no' | 'maybe', detail: string): Exchange & { kind: 'broken' } {
  return { kind: 'broken', reason, sent, httpStatus: null, detail };
}
