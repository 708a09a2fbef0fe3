import { connect, constants } from 'node:http2';

const SERVICE = 'temporal.api.workflowservice.v1.WorkflowService';
const METHOD = '/grpc.health.v1.Health/Check';

/**
 * Asks a Temporal server whether it serves, by gRPC's own health protocol. Never throws: no answer within `timeoutMs` is
 * `false`. By hand over node:http2, because the Temporal client takes 0.3 s to load, which is how long a server takes to
 * start, and commands that only look must not load it at all. A bare TCP connect would take a stopped process for a
 * healthy one.
 */
export async function isServing(address: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`);
    const timer = setTimeout(() => finish(false), timeoutMs);
    const finish = (serving: boolean): void => {
      clearTimeout(timer);
      session.destroy();
      resolve(serving);
    };
    session.once('error', () => finish(false));
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: METHOD,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      te: 'trailers',
    });
    const body: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => body.push(chunk));
    stream.once('error', () => finish(false));
    stream.once('end', () => finish(saysServing(Buffer.concat(body))));
    stream.end(requestFrame());
  });
}

/** HealthCheckRequest { service = 1 } behind gRPC's five bytes: not compressed, length. */
function requestFrame(): Buffer {
  const name = Buffer.from(SERVICE);
  const message = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** HealthCheckResponse { status = 1: SERVING }. A refusal has no message at all. */
function saysServing(frame: Buffer): boolean {
  return frame.length === 7 && frame[5] === 0x08 && frame[6] === 0x01;
}
