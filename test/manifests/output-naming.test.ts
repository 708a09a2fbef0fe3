import { describe, expect, test } from 'vitest';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readManifest } from '../../manifests/read-manifest.ts';
import { NO_SETTINGS } from '../../schemas/item-fields.ts';

async function read(output: string, rows: readonly string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'headswap-naming-'));
  const lines = rows.map((row) => `${row},${output}`);
  writeFileSync(join(dir, 'b.csv'), ['id,video,swap,project,x_reel,output', ...lines, ''].join('\n'));
  writeFileSync(
    join(dir, 'faces.csv'),
    'face,image\nana,https://m.example.com/ana.jpg\nbo,https://m.example.com/bo.jpg\n',
  );
  return readManifest({
    file: 'b.csv',
    cwd: dir,
    config: {
      defaults: NO_SETTINGS,
      faces: [],
      ignoreQuery: [],
      allowPrivateHosts: false,
      nowMs: Date.UTC(2026, 10, 24, 23, 59),
    },
  });
}

const VIDEO = 'https://m.example.com/v.mp4';

describe('names of outputs', () => {
  test('are made of batch, id, project, date, face, resolution, version and own columns', async () => {
    const { manifest, problems } = await read(
      '{project}/{date}/{batch}-{id}-{face}-{resolution}-{x_reel}_v{version}.mp4',
      [
        `s1,${VIDEO},ana,north,r7`,
        `s2,${VIDEO},0:bo 1:ana 2:keep,north,r7`,
        `s3,${VIDEO},https://m.example.com/pictures/J%20Doe.x.jpg?sig=1,north,r7`,
        `s4,${VIDEO},pick,north,r7`,
      ],
    );
    expect(problems).toEqual([]);
    expect(manifest?.items.map(({ output }) => output)).toEqual([
      'north/2026-11-24/b-s1-ana-720p-r7_v{version}.mp4',
      'north/2026-11-24/b-s2-bo+ana-720p-r7_v{version}.mp4',
      'north/2026-11-24/b-s3-J-20Doe.x-720p-r7_v{version}.mp4',
      'north/2026-11-24/b-s4-pick-720p-r7_v{version}.mp4',
    ]);
  });

  test('that collide are found at validate', async () => {
    const rows = [`s1,${VIDEO},ana,north,r7`, `s2,${VIDEO},bo,north,r7`];
    const { problems } = await read('{project}/{date}-{x_reel}.mp4', rows);
    expect(problems.map(({ line }) => line)).toEqual([3]);
    expect(problems[0]?.message).toContain('north/2026-11-24-r7.mp4');
    expect((await read('{project}/{face}.mp4', rows)).problems).toEqual([]);
    expect((await read('{nonsense}.mp4', rows)).problems[0]).toMatchObject({ code: 'M123' });
  });
});
