import { createServer } from 'node:net';

/** Below 32768 nothing is handed out as somebody's outgoing port, so a port chosen here is still free at the next start. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES = 50;

/** A loopback port that is free now. `random` in [0, 1). Throws when none of 50 tried is. */
export async function findFreePort(random: () => number = Math.random): Promise<number> {
  for (let i = 0; i < TRIES; i += 1) {
    const port = LOWEST + Math.floor(random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port on 127.0.0.1 between ${LOWEST} and ${HIGHEST}: ${TRIES} tried`);
}

export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
