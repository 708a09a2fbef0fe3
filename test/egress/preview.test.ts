import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { createEgress } from '../../egress/fetch-checked.ts';
import { fetchPreview, PREVIEW_MAX_BYTES } from '../../egress/preview.ts';
import { mediaHost, type Handler } from './media-host.ts';

const egress = createEgress();
afterAll(() => egress.close());

const canvas = { create: { width: 32, height: 32, channels: 3, background: '#a33' } } as const;
const pictures = {
  '/a.jpg': await sharp(canvas).jpeg().toBuffer(),
  '/a.png': await sharp(canvas).png().toBuffer(),
  '/a.webp': await sharp(canvas).webp().toBuffer(),
  '/a.gif': await sharp(canvas).gif().toBuffer(),
};
const send =
  (type: string, body: string | Uint8Array): Handler =>
  (_, response) =>
    response.writeHead(200, { 'content-type': type }).end(body);

const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

test('pictures are known by their first bytes, not by what the server says', async () => {
  await using host = await mediaHost({
    ...Object.fromEntries(Object.entries(pictures).map(([path, bytes]) => [path, send('text/html', bytes)])),
    '/svg.png': send('image/png', svg),
    '/html.jpg': send('image/jpeg', '<!doctype html><title>Sign in</title>'),
    '/empty.jpg': send('image/jpeg', ''),
    '/huge.jpg': send('image/jpeg', Buffer.concat([pictures['/a.jpg'], Buffer.alloc(PREVIEW_MAX_BYTES)])),
  });
  const preview = (path: string) => fetchPreview(egress, host.url(path), { allowPrivate: true, timeoutMs: 2000 });
  expect(await preview('/a.jpg')).toMatchObject({ kind: 'picture', media: 'image/jpeg', extension: 'jpg' });
  expect(await preview('/a.png')).toMatchObject({ kind: 'picture', media: 'image/png' });
  expect(await preview('/a.webp')).toMatchObject({ kind: 'picture', media: 'image/webp' });
  expect(await preview('/a.gif')).toMatchObject({ kind: 'picture', media: 'image/gif' });
  expect(await preview('/svg.png')).toMatchObject({ kind: 'not-a-picture' });
  expect(await preview('/html.jpg')).toMatchObject({ kind: 'not-a-picture' });
  expect(await preview('/empty.jpg')).toMatchObject({ kind: 'not-a-picture' });
  expect(await preview('/huge.jpg')).toMatchObject({ kind: 'refused', code: 'too-big' });
  expect(await preview('/dead.jpg')).toMatchObject({ kind: 'http', status: 404 });
});
