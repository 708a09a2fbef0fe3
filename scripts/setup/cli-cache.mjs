// The project's cache of the Temporal CLI: the program, and beside it what it was when its hash was last checked. Hashing
// 150 MB takes longer than everything else a command does before its first output, so later looks compare size and time.
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** The record, `{ sha256, size, mtimeMs }`, or undefined. engine/temporal-cli.ts reads the same file. */
export function cachedCli(dir) {
  try {
    return JSON.parse(readFileSync(join(dir, 'temporal.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

export function recordCli(dir, digest) {
  const { size, mtimeMs } = statSync(join(dir, 'temporal'));
  const temporary = join(dir, `temporal.json.${process.pid}`);
  writeFileSync(temporary, `${JSON.stringify({ sha256: digest, size, mtimeMs })}\n`);
  renameSync(temporary, join(dir, 'temporal.json'));
}

export async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
