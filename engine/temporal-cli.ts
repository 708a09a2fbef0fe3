import { execFile } from 'node:child_process';
import { access, constants, readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pins from './temporal-cli-pins.json' with { type: 'json' };
import { EngineUnreachable } from './engine-errors.ts';

export interface TemporalCli {
  readonly path: string;
  readonly version: string;
  readonly source: 'TEMPORAL_CLI_PATH' | 'cache' | 'PATH';
}

/** What the search reads of the environment. */
export interface CliEnvironment {
  readonly TEMPORAL_CLI_PATH?: string | undefined;
  readonly PATH?: string | undefined;
}

const CACHE = join(import.meta.dirname, '..', '.cache', 'temporal', pins.version);
const VERSION_TIMEOUT_MS = 10_000;

const execute = promisify(execFile);

/**
 * The Temporal CLI to start the embedded engine with, in the order in which set-up finds or installs one
 * (scripts/setup/temporal-cli.mjs): TEMPORAL_CLI_PATH, the project's cache, the PATH. Installs nothing: the wrapper's
 * set-up did. Throws EngineUnreachable, naming every way tried.
 */
export async function findTemporalCli(env: CliEnvironment, cacheDir: string = CACHE): Promise<TemporalCli> {
  const { TEMPORAL_CLI_PATH: given } = env;
  if (given) {
    const version = await versionOf(given);
    if (version !== undefined) return { path: given, version, source: 'TEMPORAL_CLI_PATH' };
    throw missing(`TEMPORAL_CLI_PATH=${given} does not run`, 'point it at a Temporal CLI, or unset it');
  }
  const cached = join(cacheDir, 'temporal');
  if (await isCheckedProgram(cacheDir)) return { path: cached, version: pins.version, source: 'cache' };
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const path = join(folder || '.', 'temporal');
    if (!(await isExecutable(path))) continue;
    const version = await versionOf(path);
    if (version !== undefined && compareVersions(version, pins.version) >= 0) return { path, version, source: 'PATH' };
  }
  throw missing(
    `no Temporal CLI: TEMPORAL_CLI_PATH is not set, ${cached} is missing or was changed, and there is no temporal >= ` +
      `${pins.version} on the PATH`,
    'run `npm run setup`, which installs it or says why it cannot',
  );
}

/** Negative, 0 or positive, as versions of the form `1.9.1` compare. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < 3; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function missing(what: string, cure: string): EngineUnreachable {
  return new EngineUnreachable('embedded', what, cure);
}

/** Set-up checked the program's hash and noted its size and time; hashing 150 MB at every start would cost 0.3 s. */
async function isCheckedProgram(cacheDir: string): Promise<boolean> {
  try {
    const checked: unknown = JSON.parse(await readFile(join(cacheDir, 'temporal.json'), 'utf8'));
    const { size, mtimeMs } = await stat(join(cacheDir, 'temporal'));
    const noted = checked as { size?: unknown; mtimeMs?: unknown };
    return noted.size === size && noted.mtimeMs === mtimeMs;
  } catch {
    return false;
  }
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(path, ['--version'], { timeout: VERSION_TIMEOUT_MS });
    return /version v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
