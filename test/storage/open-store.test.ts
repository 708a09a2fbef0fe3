import { expect, test } from 'vitest';
import { openStore } from '../../storage/open-store.ts';

test.each([
  ['file:./out', '/work/film/out/a.mp4'],
  ['file:out', '/work/film/out/a.mp4'],
  ['file:../shared out', '/work/shared out/a.mp4'],
  ['file:/data/out', '/data/out/a.mp4'],
  ['file:///data/o%20ut', '/data/o ut/a.mp4'],
])('%s', (setting, path) => {
  const opened = openStore(setting, '/work/film');
  expect(opened.kind === 'store' ? opened.store.pathOf('a.mp4') : opened.reason).toBe(path);
});

test.each(['s3://bucket/prefix?secret=x', 'S3://b', './out', '/out', 'ftp://x', 'file:', 'file://server/share'])(
  '%s is refused in one line that names a cure and quotes no parameters',
  (setting) => {
    const opened = openStore(setting, '/work/film');
    expect(opened).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/^[^\n]*file:[^\n]*$/) });
    expect(JSON.stringify(opened)).not.toContain('secret');
  },
);
