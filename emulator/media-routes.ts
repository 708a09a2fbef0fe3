import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Clock } from './clock.ts';
import { cut, pause } from './deliver.ts';
import type { FaultPoint } from './fault-plan.ts';
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
      return truncate(reply, media, fault.bytes ?? Math.floor(media.bytes.length / 2));
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
  reply
    .type(media.type)
    .header('accept-ranges', 'bytes')
    .header('etag', `"${media.sha256.slice(0, 32)}"`);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null) return reply.send(media.bytes);
  const from = Number(range[1]);
  const to = Math.min(range[2] === '' ? size - 1 : Number(range[2]), size - 1);
  if (from > to) return reply.code(416).header('content-range', `bytes */${size}`).send();
  return reply
    .code(206)
    .header('content-range', `bytes ${from}-${to}/${size}`)
    .send(media.bytes.subarray(from, to + 1));
}

/** Announces the whole length and ends early, as a cut download does. */
function truncate(reply: FastifyReply, media: Media, bytes: number): FastifyReply {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': media.type, 'content-length': media.bytes.length });
  raw.write(media.bytes.subarray(0, bytes), () => raw.destroy());
  return reply;
}

function gone(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).type('text/plain').send(`${status}`);
}
