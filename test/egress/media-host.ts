/** A real HTTP server on loopback that can misbehave as media hosts do. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface MediaHost extends AsyncDisposable {
  readonly port: number;
  readonly url: (path: string) => string;
  /** `METHOD path range` of every request seen. */
  readonly seen: string[];
}

export async function mediaHost(routes: Readonly<Record<string, Handler>>): Promise<MediaHost> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push([request.method, request.url, request.headers.range].filter((part) => part !== undefined).join(' '));
    const handler = routes[(request.url ?? '').split('?')[0] ?? ''];
    if (handler === undefined) response.writeHead(404).end();
    else handler(request, response);
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
