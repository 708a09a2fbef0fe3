import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  formatIdentity,
  identityOf,
  isAlive,
  ownIdentity,
  parseIdentity,
  type ProcessIdentity,
} from '../../engine/process-identity.ts';

const other = (changed: Partial<ProcessIdentity>): string => formatIdentity({ ...ownIdentity(), ...changed });

test('text and back, whatever the host is called', () => {
  for (const host of ['box', 'a/b', 'Ana’s Mac 2', '100%']) {
    const identity = { ...ownIdentity(), host };
    expect(parseIdentity(formatIdentity(identity))).toEqual(identity);
  }
});

describe('isAlive', () => {
  test('this process is alive', () => expect(isAlive(formatIdentity(ownIdentity()))).toBe('alive'));

  test('a child is alive until it ends, also unreaped', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const text = formatIdentity(identityOf(child.pid!)!);
    expect(isAlive(text)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(text)).toBe('dead');
    expect(identityOf(child.pid!)).toBeUndefined();
  });

  test('the same pid with another start time is another process', () => {
    expect(isAlive(other({ startTime: '1' }))).toBe('dead');
  });

  test('after a reboot of this host everything is dead', () => {
    const [, namespace] = ownIdentity().bootId.split('.');
    expect(isAlive(other({ bootId: `another-boot.${namespace}` }))).toBe('dead');
  });

  test('other hosts and other containers cannot be judged from here', () => {
    expect(isAlive(other({ host: 'elsewhere' }))).toBe('unknown');
    const [boot] = ownIdentity().bootId.split('.');
    expect(isAlive(other({ bootId: `${boot}.1` }))).toBe('unknown');
  });

  test.each(['', 'x', 'a/b/c/d', 'a/b/1', 'a/b/1/2/3'])('text of another form: %j', (text) => {
    expect(isAlive(text)).toBe('unknown');
  });
});
