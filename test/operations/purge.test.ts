import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportPicks } from '../../operations/picks-export.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { planPurge, purge, type PurgeProof } from '../../operations/purge.ts';
import { readReport, writeReportFiles } from '../../operations/report.ts';
import { planResume } from '../../operations/resume.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { skipItems } from '../../operations/skip.ts';
import { following, makePlace, refusal } from './operations-harness.ts';

const SHEET = `id,video,swap,note,x_client
s1,https://media.example.com/plates/one.mp4?X-Amz-Signature=abc,ana,first,acme
s2,https://media.example.com/plates/two.mp4,0:ana,,acme
s3,https://media.example.com/plates/three.mp4,pick,,acme
`;
const FACES = 'face,image,consent,until\nana,https://media.example.com/faces/ana.jpg,C-77,2099-01-01\n';

/** Every file below a folder, whole. */
function textBelow(dir: string): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

test('redacted reports have no face and no source; purge erases them from ledger and folder, keeps the money, and proves it', async () => {
  const place = await makePlace();
  place.write('b.csv', SHEET);
  place.write('faces.csv', FACES);
  const ctx = await place.open();
  expect(await runBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), following())).toMatchObject({ exit: 9 });
  const { sheet } = await exportPicks(ctx, 'b', { out: null });

  const { files } = await writeReportFiles(ctx, 'b', {
    formats: ['html', 'json', 'csv', 'junit'],
    out: null,
    redact: true,
  });
  const redacted = textBelow(join(place.dir, 'out', 'b', 'redacted'));
  expect(redacted).not.toMatch(/media\.example\.com|\bana\b|127\.0\.0\.1/u);
  expect(redacted).toContain('C-77');
  expect(redacted).toContain('face-1');
  expect(redacted).toContain('acme');
  expect(files[0]?.path).toBe(join(place.dir, 'out', 'b', 'redacted', 'report.html'));

  // What waits needs its URLs.
  expect(await refusal(planPurge(ctx, 'b'))).toMatchObject({
    exit: 2,
    message: expect.stringContaining('s3') as string,
  });
  await skipItems(ctx, 'b', ['s3'], { reason: 'not wanted' });
  expect(await refusal(purge(ctx, 'b', { yes: false }))).toMatchObject({ exit: 2 });
  const before = await readReport(ctx, 'b');
  const done = await purge(ctx, 'b', { yes: true });
  expect(existsSync(sheet)).toBe(false);
  const proof = JSON.parse(readFileSync(done.proof ?? '', 'utf8')) as PurgeProof;
  const digest = createHash('sha256').update('https://media.example.com/faces/ana.jpg').digest('hex');
  expect(proof.erased.urls_sha256).toContain(digest);
  expect(proof.erased.files.map(({ file }) => file)).toContain('b/picks.html');
  expect(proof.by).toBe('mira');

  const after = await readReport(ctx, 'b');
  expect(after.credits).toEqual(before.credits);
  expect(after.totals).toEqual(before.totals);
  expect(after.items[0]).toMatchObject({
    video: '',
    x: { x_client: 'acme' },
    mappings: [{ face: '', img_url: '', consent: 'C-77' }],
    attempts: [{ charged: 15, task_id: before.items[0]?.attempts[0]?.task_id }],
  });
  const output = before.items[0]?.output?.file ?? '';
  expect(existsSync(join(place.dir, 'out', output))).toBe(true);
  expect(after.events.some(({ type, by }) => type === 'purged' && by === 'mira')).toBe(true);
  await ctx.close();
  expect(textBelow(join(place.dir, 'out', 'b'))).not.toMatch(/media\.example\.com/u);
  // Closed, the ledger's file has no trace of them either.
  const ledger = readFileSync(join(place.dir, '.headswap', 'ledger.db'), 'latin1');
  expect(ledger.includes('media.example.com')).toBe(false);
  expect(existsSync(join(place.dir, '.headswap', 'ledger.db-wal'))).toBe(false);
  const later = await place.open();
  expect(await purge(later, 'b', { yes: true })).toMatchObject({ empty: true, proof: null, compacted: true });
  const resume = await planResume(later, { batch: 'b', items: ['s3'] });
  expect(resume).toMatchObject({ spends: false, counts: { again: 0 } });
  expect(resume.items.find(({ id }) => id === 's3')?.why).toContain('run its manifest');
  // The manifest has the addresses: what is done stays done, what was given up can be taken up again.
  expect((await planBatch(later, { file: 'b.csv' })).counts).toMatchObject({ done: 2, ended: 1, run: 0, repay: 0 });
}, 60_000);
