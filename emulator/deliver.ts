import type { FastifyReply } from 'fastify';

import type { Answer } from './answer.ts';
import type { Clock } from './clock.ts';
import type { AnswerAction, Cut } from './fault-plan.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends an answer, or spoils it as the fault says. */
export async function deliver(
  reply: FastifyReply,
  answer: Answer,
  fault: AnswerAction | null,
  clock: Clock,
): Promise<unknown> {
  if (fault === null) return send(reply, answer);
  switch (fault.kind) {
    case 'drop-answer':
    case 'drop-before':
      return cut(reply, fault.cut ?? 'close');
    case 'throttle':
      return send(reply, {
        code: 1005,
        msg: 'Operation is too frequent',
        httpStatus: fault.with === '429' ? 429 : 200,
        ...(fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter }),
      });
    case 'code':
      return send(reply, {
        code: fault.code,
        msg: fault.msg ?? `Error ${fault.code}`,
        httpStatus: fault.httpStatus ?? 200,
      });
    case 'http':
      if (fault.location !== undefined) reply.header('location', fault.location);
      return reply
        .code(fault.status)
        .type(fault.type ?? 'text/html; charset=utf-8')
        .send(fault.body ?? `<html><body><h1>${fault.status}</h1></body></html>`);
    case 'half-json': {
      const text = textOf(answer);
      return reply.type(JSON_TYPE).send(text.slice(0, Math.ceil(text.length / 2)));
    }
    case 'no-id': {
      const { _id: _, ...rest } = answer.data ?? {};
      return send(reply, { ...answer, data: fault.as === 'number' ? { _id: 12_345, ...rest } : rest });
    }
    case 'slow':
      if (fault.before !== true) await pause(clock, fault.delayMs);
      return send(reply, answer);
    case 'drip':
      return drip(reply, textOf(answer), fault.bytesPerSecond, clock);
    case 'flood':
      return reply.type(JSON_TYPE).send(Buffer.alloc(fault.bytes, 0x20));
    case 'odd':
      return send(reply, odd(answer, fault));
  }
}

export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(delayMs, resolve));
}

/** Ends the connection without an answer. */
export function cut(reply: FastifyReply, how: Cut): FastifyReply {
  reply.hijack();
  const { socket } = reply.request.raw;
  if (how === 'close') socket.destroy();
  else if (how === 'reset') socket.resetAndDestroy();
  return reply;
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if (answer.retryAfter !== undefined) reply.header('retry-after', answer.retryAfter);
  return reply
    .code(answer.httpStatus ?? 200)
    .type(JSON_TYPE)
    .send(textOf(answer));
}

function textOf({ code, msg, data, top }: Answer): string {
  return JSON.stringify({ code, msg, ...top, ...(data === undefined ? {} : { data }) });
}

function odd(answer: Answer, fault: AnswerAction & { kind: 'odd' }): Answer {
  const data: Record<string, unknown> = { ...answer.data };
  if (fault.status !== undefined) {
    data['status'] = fault.status;
    if ('source_video_url' in data && fault.status !== 3) data['video_url'] = null;
  }
  if (fault.emptyUrl === true) {
    data['status'] = 3;
    data['video_url'] = '';
  }
  if (fault.statusAsText === true) data['status'] = String(data['status']);
  if (fault.extraKeys === true) data['brand_new_key'] = { nested: [1, 2, 3] };
  return { ...answer, msg: fault.msg ?? answer.msg, data: fault.emptyData === true ? {} : data };
}

async function drip(reply: FastifyReply, text: string, bytesPerSecond: number, clock: Clock): Promise<FastifyReply> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(text) });
  for (const byte of Buffer.from(text)) {
    if (raw.destroyed) break;
    raw.write(Buffer.of(byte));
    await pause(clock, 1_000 / bytesPerSecond);
  }
  raw.end();
  return reply;
}
