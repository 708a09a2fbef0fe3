import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createEgress } from '../../egress/fetch-checked.ts';

function certificateFor(name: string): { key: string; cert: string } | null {
  const folder = mkdtempSync(join(tmpdir(), 'headswap-tls-'));
  try {
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
    const files = [
      '-addext',
      `subjectAltName=DNS:${name}`,
      '-keyout',
      join(folder, 'key'),
      '-out',
      join(folder, 'cert'),
    ];
    execFileSync('openssl', [...args, ...files], { stdio: 'ignore' });
    return { key: readFileSync(join(folder, 'key'), 'utf8'), cert: readFileSync(join(folder, 'cert'), 'utf8') };
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const certificate = certificateFor('media.test');

test.skipIf(certificate === null)(
  'https to the pinned address still proves the name (needs openssl to make a certificate)',
  async () => {
    const { key, cert } = certificate!;
    const names: string[] = [];
    const server = createServer({ key, cert }, (_, response) => response.end('secret film'));
    server.on('secureConnection', (socket) => names.push(String(socket.servername)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const egress = createEgress({ ca: cert, resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) });
    const options = { allowPrivate: true, maxBytes: 1000, timeoutMs: 2000 };
    try {
      const good = await egress.fetchChecked(`https://media.test:${port}/`, options);
      expect(good.kind).toBe('ok');
      if (good.kind === 'ok') expect((await buffer(good.body)).toString()).toBe('secret film');
      expect(names).toEqual(['media.test']);
      const bad = await egress.fetchChecked(`https://other.test:${port}/`, options);
      expect(bad).toMatchObject({ kind: 'network', fault: 'tls' });
    } finally {
      await egress.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  },
);
