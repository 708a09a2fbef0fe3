import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ManifestSchema } from '../schemas/manifest.ts';
import { STARTER_CONFIG, STARTER_FACES, STARTER_MANIFEST, STARTER_SHEET } from '../manifests/starter.ts';

export interface StarterResult {
  /** Paths relative to cwd. */
  readonly written: readonly string[];
  /** Were there before and were not touched. */
  readonly kept: readonly string[];
}

/** headswap.yaml, a commented manifest and its CSV twin, and the schema the manifest's first line points at. Never overwrites. */
export function writeStarter(
  at: { readonly cwd: string },
  how: { readonly dir: string | null; readonly csv: boolean },
): Promise<StarterResult> {
  const dir = resolve(at.cwd, how.dir ?? '.');
  mkdirSync(dir, { recursive: true });
  const sheets: [string, string][] = [
    ['manifest.csv', STARTER_SHEET],
    ['faces.csv', STARTER_FACES],
  ];
  const yaml: [string, string][] = [
    ['manifest.yaml', STARTER_MANIFEST],
    ['manifest.schema.json', `${JSON.stringify(ManifestSchema, null, 2)}\n`],
  ];
  const files: [string, string][] = [
    ['headswap.yaml', STARTER_CONFIG],
    ...(how.csv ? [...sheets, ...yaml] : [...yaml, ...sheets]),
  ];
  const written: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of files) {
    const path = join(dir, name);
    const shown = relative(at.cwd, path);
    try {
      writeFileSync(path, text, { flag: 'wx' });
      written.push(shown);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      kept.push(shown);
    }
  }
  return Promise.resolve({ written, kept });
}
