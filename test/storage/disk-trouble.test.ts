import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFileStore } from '../../storage/file-store.ts';

async function* body(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

test('a vanished root is trouble of the place, and is not made again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headswap-gone-'));
  const root = join(folder, 'share');
  const store = openFileStore(root);
  await store.put('b/a.mp4', body(randomBytes(10)));
  await rename(root, join(folder, 'unmounted'));
  await expect(store.put('b/b.mp4', body(randomBytes(10)))).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(root),
  });
  expect(await readdir(folder)).toEqual(['unmounted']);
  await rm(folder, { recursive: true });
});

describe('a real file system of 1 MB (needs the right to mount)', () => {
  let folder = '';
  let mounted = false;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headswap-full-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
      mounted = true;
    } catch {
      // Not root, or not Linux: the tests below say so.
    }
  });
  afterAll(async () => {
    if (mounted) execFileSync('umount', [folder]);
    await rm(folder, { recursive: true });
  });

  test('full in mid-transfer: told apart, bytes kept, gone on with when there is space', async (context) => {
    if (!mounted) return context.skip('cannot mount a small file system here');
    const store = openFileStore(join(folder, 'out'));
    await mkdir(join(folder, 'ballast'));
    await openFileStore(join(folder, 'ballast')).put('x', body(randomBytes(500_000)));
    const film = randomBytes(700_000);
    const part = { name: '1', validator: '"v1"' };
    const full = store.put('a.mp4', body(film), { part: { ...part, from: 0 } });
    await expect(full).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining('free some space'),
    });
    expect(await store.head('a.mp4')).toBeNull();
    const kept = await store.partOf('a.mp4', '1');
    expect(kept?.bytes).toBeGreaterThan(100_000);
    await rm(join(folder, 'ballast'), { recursive: true });
    const from = kept?.bytes ?? 0;
    const options = { part: { ...part, from }, expectedBytes: film.length };
    const stored = await store.put('a.mp4', body(film.subarray(from)), options);
    expect(stored.sha256).toBe(createHash('sha256').update(film).digest('hex'));
    expect(await store.hash('a.mp4')).toBe(stored.sha256);
  });

  test('read-only: another message, nothing written', async (context) => {
    if (!mounted) return context.skip('cannot mount a small file system here');
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    const store = openFileStore(join(folder, 'out'));
    await expect(store.put('b.mp4', body(randomBytes(10)))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('read-only'),
    });
    execFileSync('mount', ['-o', 'remount,rw', folder]);
    await expect(store.put('b.mp4', body(randomBytes(10)))).resolves.toMatchObject({ bytes: 10 });
  });
});
