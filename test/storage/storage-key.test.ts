import fc from 'fast-check';
import { join, sep } from 'node:path';
import { expect, test } from 'vitest';
import { lexicalPath } from '../../storage/contained-path.ts';
import { faultOfKey } from '../../storage/storage-key.ts';

test.each(['spring/sh010.mp4', 'a.mp4', 'é/影片-1.v2.mp4', 'a/b/c/d.mov', 'x y/z (1).mp4', 'console/auxiliary.mp4'])(
  '%s is a key',
  (key) => {
    expect(faultOfKey(key)).toBeNull();
  },
);

test.each([
  '',
  '/etc/passwd',
  '../up.mp4',
  'a/../../up.mp4',
  'a/./b.mp4',
  'a//b.mp4',
  'a/',
  'a\\b.mp4',
  'C:/x.mp4',
  'a\0b',
  'a\nb',
  '.hidden/x.mp4',
  'a/.b.part',
  'a./x.mp4',
  'a /x.mp4',
  'CON',
  'a/nul.mp4',
  'a/Com1.mp4',
  'a?.mp4',
  `${'x'.repeat(200)}.mp4`,
  'ab/'.repeat(400),
  'a/\uD800.mp4',
])('%j is not', (key) => {
  expect(faultOfKey(key)).not.toBeNull();
});

test('no text leads out of the root', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom('..', '.', '/', '\\', '%2e%2e', '..%2f', '\0', '~', '…', '．．'));
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('/')),
      (key) => {
        if (faultOfKey(key) !== null) return;
        const path = lexicalPath(join(sep, 'root', 'out'), key);
        expect(path.startsWith(join(sep, 'root', 'out') + sep)).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});
