import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readManifest, type ManifestReading, type ReadOptions } from '../../manifests/read-manifest.ts';
import { NO_SETTINGS } from '../../schemas/item-fields.ts';

export const CONFIG = { defaults: NO_SETTINGS, faces: [], ignoreQuery: [], allowPrivateHosts: false };
export const FACES =
  'face,image,consent,until\nana,https://media.example.com/faces/ana.jpg,C-2026-0142,2027-03-31\nbo,https://media.example.com/faces/bo.jpg,,\n';

/** A folder with the given files, removed when the test ends. */
export function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headswap-manifests-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Reads the first of the given files as a manifest; `faces.csv` with ana and bo lies beside it. */
export async function readFiles(
  files: Readonly<Record<string, string | Buffer>>,
  options: Partial<ReadOptions> = {},
): Promise<ManifestReading> {
  const cwd = folderWith({ 'faces.csv': FACES, ...files });
  return readManifest({ file: Object.keys(files)[0] ?? '', cwd, config: CONFIG, ...options });
}

/** A short-form sheet under the usual header. */
export async function readRows(
  rows: readonly string[],
  options: Partial<ReadOptions> = {},
  header = 'id,video,swap',
): Promise<ManifestReading> {
  return readFiles({ 'shots.csv': [header, ...rows, ''].join('\n') }, options);
}

/** A YAML manifest of items, with faces ana and bo. */
export async function readItems(
  items: string,
  options: Partial<ReadOptions> & { head?: string } = {},
): Promise<ManifestReading> {
  const head = options.head ?? '';
  const text = `version: 1\nbatch: spring\n${head}faces:\n  ana: https://media.example.com/faces/ana.jpg\n  bo: https://media.example.com/faces/bo.jpg\nitems:\n${items}`;
  return readFiles({ 'shots.yaml': text }, options);
}

export const url = (name: string) => `https://media.example.com/plates/${name}.mp4`;

/** `M112 shots.csv:3:59` for every error, in order. */
export function spots(reading: ManifestReading): string[] {
  return reading.problems.map((problem) => `${problem.code} ${problem.file}:${problem.line}:${problem.column}`);
}
export function codes(reading: ManifestReading): string[] {
  return reading.problems.map((problem) => problem.code);
}
export function warningCodes(reading: ManifestReading): string[] {
  return reading.warnings.map((problem) => problem.code);
}
/** The marked text of each error. */
export function marks(reading: ManifestReading): string[] {
  return reading.problems.map(({ excerpt }) =>
    excerpt === null ? '' : excerpt.text.slice(excerpt.from, excerpt.from + excerpt.length),
  );
}
