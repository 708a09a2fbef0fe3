import type { Exchange, HttpRequest } from '../../akool/transport.ts';
import { PATHS } from '../../akool/wire.ts';
import { refusal, type Answer } from '../../emulator/answer.ts';
import type { FaultDice } from './fault-dice.ts';
import { broken, halved, html, plain, type Spoil } from './spoilt-answers.ts';

/** How one exchange goes: whether it arrives, whether the vendor does what it asks, what comes back and when. */
export interface Passage {
  readonly arrives: boolean;
  /** What the vendor answers instead of working; null: it works. */
  readonly instead: Answer | Exchange | null;
  readonly back: Spoil | null;
  /** Milliseconds on top of the ordinary way. */
  readonly lateMs: number;
}

const STRAIGHT: Passage = { arrives: true, instead: null, back: null, lateMs: 0 };

const NEVER: Spoil = () => broken('deadline', 'maybe', 'lost');

/** How a create goes. */
export function createPassage(dice: FaultDice, timeoutMs: number): Passage {
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

/** How any other call goes. */
export function passageOf(dice: FaultDice, request: HttpRequest): Passage {
  return request.path.startsWith(PATHS.analyze) && request.method === 'POST' ? analyzePassage(dice) : readPassage(dice);
}

function analyzePassage(dice: FaultDice): Passage {
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

function readPassage(dice: FaultDice): Passage {
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
