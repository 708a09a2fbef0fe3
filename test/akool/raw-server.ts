import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

export interface RawServer {
  readonly url: string;
  /** Connections accepted so far. */
  readonly accepted: () => number;
  /** What each connection has received, in order of arrival. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

/** A TCP server that does exactly what a test says with each connection: no HTTP of its own. */
export async function startRawServer(
  behave: (socket: net.Socket, received: () => string) => void,
  onRequest: (socket: net.Socket) => void = () => {},
): Promise<RawServer> {
  const received: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const index = received.push('') - 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1');
      if (isWhole(received[index] ?? '')) onRequest(socket);
    });
    behave(socket, () => received[index] ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: () => received.length,
    received,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A server that answers every whole request with these bytes, or acts on its socket. */
export function startAnswering(answer: string | ((socket: net.Socket) => void)): Promise<RawServer> {
  const act = typeof answer === 'string' ? (socket: net.Socket) => void socket.end(answer, 'latin1') : answer;
  return startRawServer(() => {}, act);
}

export function http(
  status: number,
  body: string,
  headers: readonly string[] = ['content-type: application/json'],
): string {
  return [`HTTP/1.1 ${status} X`, ...headers, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

/** Whether the last request on a connection has arrived whole. */
function isWhole(received: string): boolean {
  const request = received.slice(Math.max(received.lastIndexOf('GET /'), received.lastIndexOf('POST /')));
  const end = request.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(request)?.[1] ?? 0);
  return request.length - (end + 4) === length;
}
