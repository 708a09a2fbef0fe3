import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileStore } from '../../storage/file-store.ts';
import type { OutputStore } from '../../storage/output-store.ts';

let folder = '';
let root = '';
let store: OutputStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headswap-store-'));
  root = join(folder, 'out');
  store = openFileStore(root);
});
afterEach(() => rm(folder, { recursive: true }));

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const film = randomBytes(200_000);
const pieces = (bytes: Buffer, size = 16_384): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })(),
  );
async function* thenBreaks(bytes: Buffer, error: Error): AsyncGenerator<Uint8Array> {
  yield* pieces(bytes) as AsyncIterable<Uint8Array>;
  throw error;
}
const listed = async (prefix: string) => {
  const found = [];
  for await (const entry of store.list(prefix)) found.push(entry);
  return found;
};
/** Everything under the root, temporary names included. */
const names = async () =>
  (await readdir(root, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => e.name);

describe('put', () => {
  test('stores, hashes, and leaves nothing temporary', async () => {
    const stored = await store.put('spring/sh010.mp4', pieces(film), { expectedBytes: film.length });
    expect(stored).toEqual({ bytes: film.length, sha256: sha(film), adopted: false });
    expect(await readFile(join(root, 'spring', 'sh010.mp4'))).toEqual(film);
    expect(await names()).toEqual(['sh010.mp4']);
    expect(await store.head('spring/sh010.mp4')).toEqual({ bytes: film.length });
    expect(await store.hash('spring/sh010.mp4')).toBe(sha(film));
    expect(await buffer(await store.read('spring/sh010.mp4'))).toEqual(film);
    expect(store.pathOf('spring/sh010.mp4')).toBe(join(root, 'spring', 'sh010.mp4'));
  });

  test('the final name is not there before the last byte is', async () => {
    let seen: string[] = [];
    async function* looking(): AsyncGenerator<Uint8Array> {
      yield film.subarray(0, 100);
      seen = await names();
      yield film.subarray(100);
    }
    await store.put('a.mp4', looking());
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatch(/^\.a\.mp4\..*\.part$/);
  });

  test('the same content again is adopted, other content never overwrites', async () => {
    await store.put('a.mp4', pieces(film));
    const before = await stat(join(root, 'a.mp4'));
    expect(await store.put('a.mp4', pieces(film))).toMatchObject({ adopted: true, sha256: sha(film) });
    await expect(store.put('a.mp4', pieces(randomBytes(10)))).rejects.toMatchObject({ code: 'exists' });
    expect((await stat(join(root, 'a.mp4'))).ino).toBe(before.ino);
    expect(await store.hash('a.mp4')).toBe(sha(film));
    expect(await names()).toEqual(['a.mp4']);
  });

  test('many at once under one key: one wins, the same content is adopted, other content is refused', async () => {
    const bodies = [film, film, randomBytes(5_000), film, randomBytes(5_000)];
    const results = await Promise.allSettled(bodies.map((body) => store.put('a.mp4', pieces(body))));
    const stored = results.filter((r) => r.status === 'fulfilled').map((r) => r.value);
    expect(stored.filter((s) => !s.adopted)).toHaveLength(1);
    expect(new Set(stored.map((s) => s.sha256)).size).toBe(1);
    for (const r of results) if (r.status === 'rejected') expect(r.reason).toMatchObject({ code: 'exists' });
    expect(await names()).toEqual(['a.mp4']);
    expect(await store.hash('a.mp4')).toBe(stored[0]?.sha256);
  });

  test('bytes missing, bytes too many, bytes refused by the check: no name, nothing left', async () => {
    const expectedBytes = film.length;
    await expect(store.put('a.mp4', pieces(film.subarray(1)), { expectedBytes })).rejects.toMatchObject({
      code: 'truncated',
    });
    const more = Buffer.concat([film, film]);
    await expect(store.put('a.mp4', pieces(more), { expectedBytes })).rejects.toMatchObject({ code: 'truncated' });
    const check = async (file: { read(offset: number, length: number): Promise<Uint8Array> }) =>
      Buffer.from(await file.read(0, 4)).equals(film.subarray(0, 4)) ? 'it is a web page' : null;
    await expect(store.put('a.mp4', pieces(film), { check })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('web page'),
    });
    expect(await store.head('a.mp4')).toBeNull();
    expect(await names()).toEqual([]);
  });

  test("the stream's own error passes through unchanged", async () => {
    const cut = new Error('cut');
    await expect(store.put('a.mp4', thenBreaks(film, cut))).rejects.toBe(cut);
    expect(await names()).toEqual([]);
  });

  test('a length that cannot fit is refused before a byte is read', async () => {
    let read = false;
    async function* body(): AsyncGenerator<Uint8Array> {
      read = true;
      yield film;
    }
    await expect(store.put('a.mp4', body(), { expectedBytes: 2 ** 52 })).rejects.toMatchObject({ code: 'disk-full' });
    expect(read).toBe(false);
    const download = pieces(film);
    await expect(store.put('a.mp4', download, { expectedBytes: 2 ** 52 })).rejects.toMatchObject({ code: 'disk-full' });
    expect(download.destroyed).toBe(true);
  });
});

describe('a transfer that is gone on with', () => {
  const part = { name: 'attempt-7', validator: '"v1"' };

  test('keeps its bytes and goes on from them', async () => {
    const cut = thenBreaks(film.subarray(0, 70_000), new Error('cut'));
    await expect(store.put('b/a.mp4', cut, { part: { ...part, from: 0 } })).rejects.toThrow('cut');
    expect(await store.partOf('b/a.mp4', 'attempt-8')).toBeNull();
    expect(await store.partOf('b/other.mp4', part.name)).toBeNull();
    const kept = await store.partOf('b/a.mp4', part.name);
    expect(kept).toEqual({ bytes: 70_000, validator: '"v1"' });
    const rest = { part: { ...part, from: 70_000 }, expectedBytes: film.length };
    expect(await store.put('b/a.mp4', pieces(film.subarray(70_000)), rest)).toMatchObject({ sha256: sha(film) });
    expect(await store.hash('b/a.mp4')).toBe(sha(film));
    expect(await names()).toEqual(['a.mp4']);
  });

  test('only one can take the kept bytes over', async () => {
    const cut = thenBreaks(film.subarray(0, 70_000), new Error('cut'));
    await expect(store.put('a.mp4', cut, { part: { ...part, from: 0 } })).rejects.toThrow('cut');
    const goOn = () => store.put('a.mp4', pieces(film.subarray(70_000)), { part: { ...part, from: 70_000 } });
    const results = await Promise.allSettled([goOn(), goOn(), goOn()]);
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    for (const r of results) if (r.status === 'rejected') expect(r.reason).toMatchObject({ code: 'missing' });
    expect(await store.hash('a.mp4')).toBe(sha(film));
  });

  test('wrong bytes are not kept', async () => {
    const options = { part: { ...part, from: 0 }, check: () => Promise.resolve('it is a web page') };
    await expect(store.put('a.mp4', pieces(film), options)).rejects.toMatchObject({ code: 'refused' });
    expect(await store.partOf('a.mp4', part.name)).toBeNull();
  });
});

describe('link, delete, list, sweep', () => {
  test('a reused output gets its own name', async () => {
    await store.put('one/a.mp4', pieces(film));
    expect(await store.link('one/a.mp4', 'two/b.mp4')).toEqual({
      bytes: film.length,
      sha256: sha(film),
      adopted: false,
    });
    expect(await store.link('one/a.mp4', 'two/b.mp4')).toMatchObject({ adopted: true });
    expect(await store.delete('one/a.mp4')).toBe(true);
    expect(await store.delete('one/a.mp4')).toBe(false);
    expect(await store.hash('two/b.mp4')).toBe(sha(film));
    await expect(store.link('one/a.mp4', 'three.mp4')).rejects.toMatchObject({ code: 'missing' });
    await store.put('other.mp4', pieces(randomBytes(9)));
    await expect(store.link('two/b.mp4', 'other.mp4')).rejects.toMatchObject({ code: 'exists' });
    expect(await store.hash('two/b.mp4')).toBe(sha(film));
  });

  test('lists finished files, sweeps old temporary ones', async () => {
    await store.put('b/2.mp4', pieces(film.subarray(0, 20)));
    await store.put('b/1.mp4', pieces(film.subarray(0, 10)));
    await store.put('c.mp4', pieces(film.subarray(0, 5)));
    await writeFile(join(root, 'b', '.1.mp4.x.part'), 'old');
    await writeFile(join(root, 'b', '.2.mp4.x.part'), 'new');
    await utimes(join(root, 'b', '.1.mp4.x.part'), 1000, 1000);
    expect(await listed('')).toEqual([
      { key: 'b/1.mp4', bytes: 10 },
      { key: 'b/2.mp4', bytes: 20 },
      { key: 'c.mp4', bytes: 5 },
    ]);
    expect(await listed('b/')).toHaveLength(2);
    expect(await store.sweepParts(60_000, Date.now())).toBe(1);
    expect((await names()).toSorted()).toEqual(['.2.mp4.x.part', '1.mp4', '2.mp4', 'c.mp4']);
  });

  test('questions about an empty place make nothing', async () => {
    expect(await store.head('a.mp4')).toBeNull();
    expect(await store.hash('a.mp4')).toBeNull();
    expect(await store.partOf('a.mp4', 'x')).toBeNull();
    expect(await listed('')).toEqual([]);
    expect(await store.freeBytes()).toBeGreaterThan(0);
    await expect(store.read('a.mp4')).rejects.toMatchObject({ code: 'missing' });
    await expect(stat(root)).rejects.toThrow('ENOENT');
  });
});

describe('nothing outside the root', () => {
  test('keys that leave it', async () => {
    for (const key of ['../x.mp4', '/tmp/x.mp4', 'a/../../x.mp4']) {
      await expect(store.put(key, pieces(film))).rejects.toMatchObject({ code: 'bad-key' });
      await expect(store.head(key)).rejects.toMatchObject({ code: 'bad-key' });
    }
    expect(await readdir(folder)).toEqual([]);
  });

  test('folders that are links out of it, and links in the place of a file', async () => {
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await mkdir(root);
    await symlink(outside, join(root, 'b'));
    await writeFile(join(outside, 'there.mp4'), 'x');
    await symlink(join(outside, 'there.mp4'), join(root, 'link.mp4'));
    await symlink(join(outside, 'new.mp4'), join(root, 'dangling.mp4'));
    for (const key of ['b/a.mp4', 'b/deep/a.mp4', 'link.mp4', 'dangling.mp4']) {
      await expect(store.put(key, pieces(film))).rejects.toMatchObject({ code: 'outside' });
    }
    for (const key of ['b/there.mp4', 'link.mp4'])
      await expect(store.read(key)).rejects.toMatchObject({ code: 'outside' });
    expect(await readdir(outside)).toEqual(['there.mp4']);
    expect(await readFile(join(outside, 'there.mp4'), 'utf8')).toBe('x');
  });

  test('the root itself may be a link, and folders may link within it', async () => {
    const real = join(folder, 'real');
    await mkdir(join(real, 'x'), { recursive: true });
    await symlink(real, root);
    await symlink(join(real, 'x'), join(real, 'y'));
    await store.put('y/a.mp4', pieces(film));
    expect(await readdir(join(real, 'x'))).toEqual(['a.mp4']);
  });
});
