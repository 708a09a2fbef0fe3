/**
 * How long `validate` takes on big manifests, and how much memory: `node bench/validate.ts [rows...]`. Each in a process of
 * its own. Targets (design section 10): 10,000 rows in 1 s, 1,000,000 rows in 20 s and 512 MB.
 */
import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const reader = JSON.stringify(join(import.meta.dirname, '../manifests/read-manifest.ts'));
const fields = JSON.stringify(join(import.meta.dirname, '../schemas/item-fields.ts'));
const PROGRAM = `
import { readManifest } from ${reader};
import { NO_SETTINGS } from ${fields};
const started = performance.now();
const config = { defaults: NO_SETTINGS, faces: [], ignoreQuery: [], allowPrivateHosts: false };
const reading = await readManifest({ file: process.argv[1], cwd: '/', config, keepItems: false });
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ items: reading.items, errors: reading.errorCount, seconds: (performance.now() - started) / 1000, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, maxRssMb: maxRSS / 1024 }));
`;

async function writeSheet(file: string, rows: number): Promise<void> {
  const out = createWriteStream(file);
  out.write('id,video,swap,resolution,keep_original_sound,output,project,note,x_act\n');
  for (let n = 0; n < rows; n++) {
    const id = `sh${String(n).padStart(7, '0')}`;
    const swap = ['ana', '0:ana 1:bo', 'pick', 'all:bo'][n % 4] ?? 'ana';
    const row = `${id},https://media.example.com/plates/season-2/${id}.mp4?v=${n % 7},${swap},${n % 2 === 0 ? '' : '720p'},,,nordlys,"take ${n}, day",act ${n % 3}\n`;
    if (!out.write(row)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

async function writeYaml(file: string, items: number): Promise<void> {
  const out = createWriteStream(file);
  out.write('version: 1\nfaces: { ana: https://media.example.com/faces/ana.jpg }\nitems:\n');
  for (let n = 0; n < items; n++)
    out.write(
      `  - id: sh${n}\n    video: https://media.example.com/plates/sh${n}.mp4\n    swap: ana # take ${n}\n    note: "day ${n}"\n`,
    );
  out.end();
  await once(out, 'close');
}

const { positionals } = parseArgs({ allowPositionals: true });
const counts = positionals.length > 0 ? positionals.map(Number) : [10_000, 1_000_000];
const folder = mkdtempSync(join(tmpdir(), 'headswap-bench-'));
try {
  const faces = createWriteStream(join(folder, 'faces.csv'));
  faces.end('face,image\nana,https://media.example.com/faces/ana.jpg\nbo,https://media.example.com/faces/bo.jpg\n');
  await once(faces, 'close');
  for (const count of counts) {
    for (const [name, write] of [
      [`${count}.csv`, writeSheet],
      [`${count}.yaml`, writeYaml],
    ] as const) {
      if (name.endsWith('.yaml') && count > 50_000) continue;
      const file = join(folder, name);
      await write(file, count);
      const run = spawnSync(process.execPath, ['--input-type=module', '--eval', PROGRAM, file], { encoding: 'utf8' });
      console.log(name, run.stdout.trim() || run.stderr);
      rmSync(file);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
