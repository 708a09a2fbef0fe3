import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Clock } from './clock.ts';
import { cut, pause } from './deliver.ts';
import type { FaultPoint, MediaAction } from './fault-plan.ts';
import type { Met } from './faults.ts';
import { outputOf, previewOf, sampleVideo, type Media } from './media.ts';
import { statusAt } from './records.ts';
import type { VendorState } from './vendor-state.ts';

export interface MediaSurroundings {
  readonly state: VendorState;
  readonly clock: Clock;
  readonly outputTtlMs: number;
  readonly meet: (point: FaultPoint, video: string | null) => Met;
}

/** Outputs, previews and sample inputs. Public links, as at the vendor; `Range` is honoured. */
export function addMediaRoutes(app: FastifyInstance, around: MediaSurroundings): void {
  const { state, clock } = around;

  app.get<{ Params: { file: string } }>('/media/outputs/:file', (request, reply) => {
    const task = state.anyTask(request.params.file.replace(/\.mp4$/, ''));
    const now = clock.now();
    if (task === null || statusAt(task, now) !== 3) return gone(reply, 404);
    if (now - (task.endedAt ?? now) >= around.outputTtlMs) return gone(reply, 403);
    return serve(request, reply, outputOf(task), around.meet('output', task.body.video_url), clock);
  });

  app.get<{ Params: { analysis: string; file: string } }>('/media/previews/:analysis/:file', (request, reply) => {
    const analysis = state.anyAnalysis(request.params.analysis);
    const person = analysis?.people[Number.parseInt(request.params.file, 10)];
    if (analysis === null || person === undefined) return gone(reply, 404);
    return serve(request, reply, previewOf(person), around.meet('preview', analysis.video), clock);
  });

  app.get<{ Params: { file: string } }>('/media/samples/videos/:file', (request, reply) =>
    serve(request, reply, sampleVideo(request.params.file), null, clock),
  );
  app.get<{ Params: { file: string } }>('/media/samples/faces/:file', (request, reply) =>
    serve(request, reply, previewOf(request.params.file.length), null, clock),
  );
}

async function serve(
  request: FastifyRequest,
  reply: FastifyReply,
  media: Media,
  met: Met | null,
  clock: Clock,
): Promise<unknown> {
  const fault = met?.media ?? met?.answer ?? null;
  switch (fault?.kind) {
    case undefined:
      break;
    case 'gone':
      return gone(reply, fault.status ?? 404);
    case 'http':
      return gone(reply, fault.status);
    case 'redirect':
      return reply.redirect(fault.to ?? request.url, 302);
    case 'html':
      return reply.type('text/html').send('<html><body>Sign in to continue</body></html>');
    case 'svg':
      return reply
        .type('image/svg+xml')
        .send('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    case 'zero':
      return reply.type(media.type).send(Buffer.alloc(0));
    case 'truncate':
      return truncate({ request, reply, clock }, media, fault);
    case 'drop-answer':
    case 'drop-before':
      return cut(reply, fault.cut ?? 'close');
    case 'slow':
      await pause(clock, fault.delayMs);
      break;
    case 'flood':
      return reply.type(media.type).send(Buffer.alloc(fault.bytes));
    default:
      break;
  }
  return whole(request, reply, media);
}

function whole(request: FastifyRequest, reply: FastifyReply, media: Media): FastifyReply {
  const size = media.bytes.length;
  reply.type(media.type).header('accept-ranges', 'bytes').header('etag', etagOf(media));
  const range = rangeOf(request, media);
  if (range === null) return reply.send(media.bytes);
  const { from, to } = range;
  if (from > to) return reply.code(416).header('content-range', `bytes */${size}`).send();
  return reply
    .code(206)
    .header('content-range', `bytes ${from}-${to}/${size}`)
    .send(media.bytes.subarray(from, to + 1));
}

function etagOf(media: Media): string {
  return `"${media.sha256.slice(0, 32)}"`;
}

/** The part that is asked for, both ends included; null for all of it, also where `If-Range` names other bytes. */
function rangeOf({ headers }: FastifyRequest, media: Media): { readonly from: number; readonly to: number } | null {
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  const other = headers['if-range'] !== undefined && headers['if-range'] !== etagOf(media);
  if (range === null || other) return null;
  const last = media.bytes.length - 1;
  return { from: Number(range[1]), to: range[2] === '' ? last : Math.min(Number(range[2]), last) };
}

const CUT_AFTER_MS = 50;

/** Announces the whole length (or the rest that was asked for) and ends early, as a cut download does. */
function truncate(
  { request, reply, clock }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly clock: Clock },
  media: Media,
  fault: MediaAction & { kind: 'truncate' },
): FastifyReply {
  const size = media.bytes.length;
  const bytes = fault.bytes ?? Math.floor(size / 2);
  const range = fault.resumable === true ? rangeOf(request, media) : null;
  const from = range?.from ?? 0;
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(range === null ? 200 : 206, {
    'content-type': media.type,
    'content-length': size - from,
    ...(fault.resumable === true ? { 'accept-ranges': 'bytes', etag: etagOf(media) } : {}),
    ...(range === null ? {} : { 'content-range': `bytes ${from}-${size - 1}/${size}` }),
  });
  const part = media.bytes.subarray(from, from + bytes);
  raw.write(part, () => {
    if (from + bytes >= size) return raw.end();
    // What arrives together with the end of its connection is thrown away by clients.
    return fault.resumable === true ? clock.setTimer(CUT_AFTER_MS, () => raw.destroy()) : raw.destroy();
  });
  return reply;
}

function gone(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).type('text/plain').send(`${status}`);
}
