import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const CONFIG_FILE = 'headswap.yaml';
export const STATE_FOLDER = '.headswap';

/** The nearest headswap.yaml upward from `cwd`, as git finds `.git`; null when there is none. `given` is `--config`. */
export function findConfig(cwd: string, given: string | undefined): string | null {
  if (given !== undefined) return resolve(cwd, given);
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = join(folder, CONFIG_FILE);
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) return null;
  }
}
