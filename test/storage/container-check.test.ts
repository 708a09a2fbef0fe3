import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkContainer } from '../../storage/container-check.ts';
import type { ByteSource } from '../../storage/output-store.ts';
import { tinyFilm } from './tiny-film.ts';

function source(bytes: Uint8Array): ByteSource & { readonly reads: number } {
  let reads = 0;
  return {
    bytes: bytes.byteLength,
    read(offset, length) {
      reads += 1;
      return Promise.resolve(bytes.subarray(offset, offset + length));
    },
    get reads() {
      return reads;
    },
  };
}
const check = (bytes: Uint8Array | string) => checkContainer(source(Buffer.from(bytes as string)));

const films = {
  mp4: await tinyFilm('mp4'),
  'mp4-index-last': await tinyFilm('mp4-index-last'),
  'mp4-fragmented': await tinyFilm('mp4-fragmented'),
  mov: await tinyFilm('mov'),
  webm: await tinyFilm('webm'),
};

describe('whole films', () => {
  test.each([
    ['mp4', 'video/mp4'],
    ['mp4-index-last', 'video/mp4'],
    ['mp4-fragmented', 'video/mp4'],
    ['mov', 'video/quicktime'],
    ['webm', 'video/webm'],
  ] as const)('%s', async (kind, media) => {
    expect(await check(films[kind])).toEqual({ kind: 'video', media });
  });

  test('rubbish after a complete MP4 is let pass: it is paid for and it plays', async () => {
    expect(await check(Buffer.concat([films.mp4, Buffer.alloc(5)]))).toMatchObject({ kind: 'video' });
    expect(await check(Buffer.concat([films.mp4, Buffer.alloc(64)]))).toMatchObject({ kind: 'video' });
  });

  test('a large film costs as few reads as a small one', async () => {
    const box = Buffer.alloc(8);
    box.writeUInt32BE(20_000_008, 0);
    box.write('free', 4);
    const big = source(Buffer.concat([films.mp4, box, Buffer.alloc(20_000_000)]));
    expect(await checkContainer(big)).toMatchObject({ kind: 'video' });
    expect(big.reads).toBeLessThan(12);
  });
});

describe('cut films', () => {
  test.each(['mp4', 'mp4-index-last', 'mov', 'webm'] as const)(
    '%s is known as cut wherever the cut is',
    async (kind) => {
      const film = films[kind];
      for (let bytes = 40; bytes < film.length; bytes += 1) {
        const verdict = await check(film.subarray(0, bytes));
        expect(verdict, `${bytes} of ${film.length}`).toMatchObject({ kind: 'not-video' });
      }
    },
  );

  test('the reason says how much is missing', async () => {
    const verdict = await check(films.mp4.subarray(0, -7));
    expect(verdict).toMatchObject({ fault: 'truncated', reason: expect.stringContaining('7 bytes are missing') });
  });
});

describe('other things', () => {
  test.each([
    ['', 'empty'],
    ['<!DOCTYPE html><html>expired</html>', 'html'],
    ['  \n<html>', 'html'],
    ['<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'html'],
    ['{"code":1015,"msg":"expired"}', 'json'],
    ['\uFEFF {"a":1}', 'json'],
    ['[]', 'json'],
    ['hello', 'unknown'],
    [Buffer.from('ffd8ffe000104a464946', 'hex'), 'picture'],
    [Buffer.alloc(1000), 'unknown'],
    [Buffer.from('1a45dfa3ffffffff', 'hex'), 'broken'],
  ])('%j: %s', async (body, fault) => {
    expect(await check(body)).toMatchObject({ kind: 'not-video', fault });
  });

  test('any bytes give a verdict, in bounded reads', async () => {
    const start = fc.constantFrom('', '\0\0\0\x10ftyp', '\0\0\0\x01mdat', '\0\0\0\0moov', '\x1A\x45\xDF\xA3');
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 400 }), async (head, tail) => {
        const bytes = source(Buffer.concat([Buffer.from(head, 'latin1'), tail]));
        const verdict = await checkContainer(bytes);
        expect(['video', 'not-video']).toContain(verdict.kind);
        expect(bytes.reads).toBeLessThan(500);
      }),
    );
  });
});
