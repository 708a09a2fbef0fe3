import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  configuredTarget,
  connectClient,
  embeddedTarget,
  isLoopback,
  temporalConfigured,
} from '../../engine/connect.ts';
import { findFreePort } from '../../engine/free-port.ts';
import { isServing } from '../../engine/health-check.ts';
import { useTemporalServer } from '../setup/temporal-server.ts';

describe('which Temporal', () => {
  test('nothing set: embedded; each deciding variable alone: configured', () => {
    expect(temporalConfigured({ PATH: '/bin', TEMPORAL_CLI_PATH: '/x', TEMPORAL_ADDRESS: '' })).toBe(false);
    for (const name of ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE', 'TEMPORAL_NAMESPACE']) {
      expect(temporalConfigured({ [name]: 'x' })).toBe(true);
    }
  });

  test('variables are read by Temporal’s own rules', async () => {
    const target = await configuredTarget({ TEMPORAL_ADDRESS: 't.example:7233', TEMPORAL_NAMESPACE: 'prod' });
    expect(target).toMatchObject({ address: 't.example:7233', namespace: 'prod', chosenBy: expect.any(String) });
  });

  test('a profile from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'profile-'));
    const file = join(folder, 'temporal.toml');
    writeFileSync(file, '[profile.fleet]\naddress = "fleet.example:7233"\nnamespace = "batches"\n');
    const target = await configuredTarget({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'fleet' });
    expect(target).toMatchObject({ address: 'fleet.example:7233', namespace: 'batches' });
    await expect(configuredTarget({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'none' })).rejects.toMatchObject({
      exitCode: 8,
      message: expect.stringMatching(/cannot be read.*TEMPORAL_PROFILE.*TEMPORAL_CONFIG_FILE.*or unset them/s),
    });
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['localhost:7233', true],
    ['127.0.0.1:20000', true],
    ['127.8.1.1:1', true],
    ['[::1]:7233', true],
    ['temporal:7233', false],
    ['10.0.0.1:7233', false],
    ['127.0.0.1.example.com:7233', false],
  ])('%s is loopback: %s', (address, expected) => expect(isLoopback(address)).toBe(expected));
});

describe('connecting', () => {
  const server = useTemporalServer();

  test('gives a client that can start work', async () => {
    const { client, connection } = await connectClient(embeddedTarget(server));
    const handle = await client.workflow.start('nobody-runs-it', {
      taskQueue: 'connect-test',
      workflowId: 'connect-1',
    });
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
    await connection.close();
  });

  test('an unknown namespace is refused at once, not found out later', async () => {
    const target = embeddedTarget({ address: server.address, namespace: 'nowhere' });
    await expect(connectClient(target)).rejects.toMatchObject({
      name: 'EngineUnreachable',
      exitCode: 8,
      message: expect.stringContaining('does not know the namespace "nowhere"'),
    });
  });

  test('nobody there: one error with address and cure', async () => {
    const address = `127.0.0.1:${await findFreePort()}`;
    const target = await configuredTarget({ TEMPORAL_ADDRESS: address });
    await expect(connectClient(target, { timeoutMs: 500 })).rejects.toMatchObject({
      name: 'EngineUnreachable',
      address,
      exitCode: 8,
      message: expect.stringMatching(/no Temporal server answers at .*Nothing was charged.*TEMPORAL_ADDRESS/s),
    });
  });

  test('health: yes for the server, no for a silent socket and for nothing', async () => {
    expect(await isServing(server.address, 2_000)).toBe(true);
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    expect(await isServing(`127.0.0.1:${port}`, 200)).toBe(false);
    silent.close();
    expect(await isServing(`127.0.0.1:${port}`, 200)).toBe(false);
  });
});
