import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectClient, embeddedTarget } from '../../engine/connect.ts';
import { joinEngine, peekEngine, type EngineHandle } from '../../engine/embedded-engine.ts';
import { enginePaths } from '../../engine/engine-paths.ts';
import { readEngineRecord } from '../../engine/engine-record.ts';
import { findFreePort } from '../../engine/free-port.ts';
import { findServersOn, killServer, NAMESPACE, startServer } from '../../engine/server-process.ts';
import type { TemporalCli } from '../../engine/temporal-cli.ts';
import { testTemporalCli } from '../setup/temporal-server.ts';
import { startMember, untilDead, type Member } from './engine-members.ts';

let stateDir: string;
let members: Member[];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'engine-'));
  members = [];
});
afterEach(async () => {
  await Promise.all(members.map(async (member) => member.kill()));
  for (const server of servers()) await killServer(server);
  rmSync(stateDir, { recursive: true, force: true });
});

const servers = (): ReturnType<typeof findServersOn> => findServersOn(enginePaths(stateDir).database);
const serverPid = (): number => readEngineRecord(enginePaths(stateDir).record)?.pid ?? 0;

function member(role: 'up' | 'command' = 'command'): Member {
  const started = startMember(stateDir, role);
  members.push(started);
  return started;
}

async function joined(
  role: 'up' | 'command' = 'command',
): Promise<{ process: Member; address: string; owned: boolean }> {
  const process = member(role);
  const { address = '', owned = false } = await process.until(({ event }) => event === 'joined');
  return { process, address, owned };
}

async function startWorkflow(address: string, workflowId: string): Promise<void> {
  const { client, connection } = await connectClient(embeddedTarget({ address, namespace: NAMESPACE }));
  await client.workflow.start('nobody-runs-it', { taskQueue: 'engine-test', workflowId });
  await connection.close();
}

async function hasWorkflow(address: string, workflowId: string): Promise<boolean> {
  const { client, connection } = await connectClient(embeddedTarget({ address, namespace: NAMESPACE }));
  const { status } = await client.workflow.getHandle(workflowId).describe();
  await connection.close();
  return status.name === 'RUNNING';
}

test('the first command starts a server quickly, the last one out leaves no process', async () => {
  const first = member();
  const { tookMs, address } = await first.until(({ event }) => event === 'joined');
  // 0.3-0.9 s alone on the machine; the bound is for one that runs other tests meanwhile.
  expect(tookMs).toBeLessThan(5_000);
  expect(Number(address?.split(':')[1])).toBeLessThan(32_768);
  expect(servers()).toHaveLength(1);

  const second = await joined();
  expect(second).toMatchObject({ address, owned: false });
  await first.leave();
  expect(servers()).toHaveLength(1);
  expect(await hasServed(address)).toBe(true);
  await second.process.leave();
  expect(servers()).toEqual([]);
  expect(await peekEngine(stateDir)).toBeUndefined();
});

async function hasServed(address = ''): Promise<boolean> {
  await startWorkflow(address, 'still-there');
  return hasWorkflow(address, 'still-there');
}

test('port, file and workflows are the same at the next start', async () => {
  const before = await joined();
  await startWorkflow(before.address, 'kept');
  await before.process.leave();
  const after = await joined();
  expect(after.address).toBe(before.address);
  expect(await hasWorkflow(after.address, 'kept')).toBe(true);
});

test('a killed server is back on the same port within 2 s, with its data, and everybody is told', async () => {
  const [owner, other] = [await joined(), await joined()];
  await startWorkflow(owner.address, 'kept');
  const killedAt = performance.now();
  process.kill(serverPid(), 'SIGKILL');
  await Promise.all([owner, other].map(async ({ process }) => process.until(({ event }) => event === 'restarted')));
  expect(performance.now() - killedAt).toBeLessThan(2_000);
  expect(other.process.events).toContainEqual({ event: 'restarted', address: owner.address, owned: false });
  expect(await hasWorkflow(owner.address, 'kept')).toBe(true);
  expect(servers()).toHaveLength(1);
});

test('when the supervisor is killed another takes the running server over, and brings it back when that dies too', async () => {
  const [owner, other] = [await joined(), await joined()];
  expect([owner.owned, other.owned]).toEqual([true, false]);
  const pid = serverPid();
  await owner.process.kill();
  await other.process.until(({ message }) => message === 'took over the embedded engine');
  expect(serverPid()).toBe(pid);

  process.kill(pid, 'SIGKILL');
  const { address, owned } = await other.process.until(({ event }) => event === 'restarted');
  expect({ address, owned }).toEqual({ address: owner.address, owned: true });
  await other.process.leave();
  expect(servers()).toEqual([]);
});

test('supervisor and server killed together: another starts it again on the same port', async () => {
  const [owner, other] = [await joined(), await joined()];
  await startWorkflow(owner.address, 'kept');
  const pid = serverPid();
  const dead = owner.process.kill();
  process.kill(pid, 'SIGKILL');
  await dead;
  const { address, owned } = await other.process.until(({ event }) => event === 'restarted');
  expect({ address, owned }).toEqual({ address: owner.address, owned: true });
  expect(await hasWorkflow(owner.address, 'kept')).toBe(true);
});

test('a server whose commands were all killed is taken over by the next, and stopped by it', async () => {
  const killed = await joined();
  const pid = serverPid();
  await killed.process.kill();
  expect(await peekEngine(stateDir)).toEqual({ address: killed.address, up: false, users: [] });
  const next = await joined();
  expect(next).toMatchObject({ address: killed.address, owned: true });
  expect(serverPid()).toBe(pid);
  await next.process.leave();
  expect(servers()).toEqual([]);
});

test('a server that does not answer any more is replaced', async () => {
  const killed = await joined();
  const pid = serverPid();
  await killed.process.kill();
  process.kill(pid, 'SIGSTOP');
  const next = await joined();
  await untilDead(pid);
  expect(next.address).toBe(killed.address);
  expect(serverPid()).not.toBe(pid);
  expect(await hasServed(next.address)).toBe(true);
});

test('ten at once share one server; all leaving at once leave none', async () => {
  const all = Array.from({ length: 10 }, () => member());
  const seen = await Promise.all(all.map(async (one) => one.until(({ event }) => event === 'joined')));
  expect(new Set(seen.map(({ address }) => address)).size).toBe(1);
  expect(seen.filter(({ owned }) => owned)).toHaveLength(1);
  expect(servers()).toHaveLength(1);
  await Promise.all(all.map(async (one) => one.leave()));
  expect(servers()).toEqual([]);
}, 60_000);

describe('peek', () => {
  test('sees nothing where nothing was, and makes nothing', async () => {
    const nowhere = join(stateDir, 'none');
    expect(await peekEngine(nowhere)).toBeUndefined();
  });

  test('tells an `up` from a command', async () => {
    const command = await joined('command');
    expect(await peekEngine(stateDir)).toMatchObject({ up: false, users: [{ role: 'command' }] });
    const up = await joined('up');
    expect(await peekEngine(stateDir)).toEqual({
      address: up.address,
      up: true,
      users: expect.arrayContaining([
        { pid: command.process.pid, role: 'command' },
        { pid: up.process.pid, role: 'up' },
      ]),
    });
  });
});

describe('in this process', () => {
  const handles: EngineHandle[] = [];
  afterEach(async () => Promise.all(handles.splice(0).map(async (handle) => handle.leave())));

  async function join(cli?: TemporalCli): Promise<EngineHandle> {
    const options = { stateDir, role: 'command' as const, log: () => undefined };
    const handle = await joinEngine({ ...options, cli: cli ?? (await testTemporalCli()) });
    handles.push(handle);
    return handle;
  }

  test('two handles are two users; leaving twice is leaving once', async () => {
    const [one, two] = [await join(), await join()];
    expect([one.owned, two.owned]).toEqual([true, false]);
    expect(one.identity).toBe(two.identity);
    await one.leave();
    await one.leave();
    expect(servers()).toHaveLength(1);
    await two.leave();
    expect(servers()).toEqual([]);
  });

  test('leaving while the server is being brought back leaves none behind', async () => {
    const handle = await join();
    process.kill(serverPid(), 'SIGKILL');
    await untilDead(serverPid());
    await handle.leave();
    expect(servers()).toEqual([]);
  });

  test('a server that cannot start is an error that says where to look, and holds nothing', async () => {
    await expect(join({ path: '/bin/false', version: '0.0.0', source: 'PATH' })).rejects.toMatchObject({
      name: 'EngineUnreachable',
      exitCode: 8,
      message: expect.stringMatching(/does not start.*Nothing was charged\. What to do: look into .*temporal\.log/s),
    });
    const engine = await join();
    expect(engine.owned).toBe(true);
  });

  test('a port that something else took meanwhile is replaced by another', async () => {
    const before = await join();
    const port = Number(before.address.split(':')[1]);
    await before.leave();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    const after = await join();
    expect(after.address).not.toBe(before.address);
    expect(await hasServed(after.address)).toBe(true);
    squatter.close();
  });

  test('a stray server that no record knows is killed before another opens its database', async () => {
    const before = await join();
    const stray = serverPid();
    await before.leave();
    const lost = await startServer((await testTemporalCli()).path, enginePaths(stateDir), await findFreePort());
    expect(lost.identity.pid).not.toBe(stray);
    await join();
    await untilDead(lost.identity.pid);
    expect(servers()).toHaveLength(1);
  });
});
