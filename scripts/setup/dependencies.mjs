// node_modules as the lock file says, and the Node to run on.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const NODE_MAJOR = 24;

/** Runs `npm ci`, unless what is installed is already exactly what the lock file names. */
export function setUpDependencies(root, env, say) {
  if (installedMatchesLock(root, env)) return;
  say('installing the dependencies of package-lock.json, about half a minute (npm ci)');
  // Inside an npm script, the same npm; scripts off because no dependency needs one and none should run unasked.
  const [program, first] = env.npm_execpath ? [process.execPath, [env.npm_execpath]] : ['npm', []];
  const args = [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const run = spawnSync(program, args, { cwd: root, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (run.status === 0) return;
  const said = run.error ? run.error.message : `${run.stderr}${run.stdout}`.trim().split('\n').slice(-15).join('\n  ');
  throw new Error(
    `npm ci failed, nothing was changed besides node_modules.\n  ${said}\n` +
      '  What to do: see that npm reaches its registry (npm ping), then run the same command again.',
  );
}

/**
 * Compares the lock file with the one npm keeps inside node_modules. Optional packages for other platforms may be absent;
 * packages for development may be when npm was told to leave them out.
 */
function installedMatchesLock(root, env) {
  const locked = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (!locked || !installed) return false;
  const withoutDev = env.NODE_ENV === 'production' || /\bdev\b/.test(env.npm_config_omit || '');
  for (const [path, entry] of Object.entries(locked)) {
    if (path === '') continue;
    const found = installed[path];
    if (!found) {
      if (entry.optional || (entry.dev && withoutDev)) continue;
      return false;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false;
    if (!existsSync(join(root, path, 'package.json'))) return false;
  }
  return Object.keys(installed).every((path) => path in locked);
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * The Node to run on: the pinned one from node_modules where a package exists for this platform and runs (it does not on
 * musl), else the one that is running if it is new enough.
 */
export function findNode(root) {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned) && majorOf(pinned) >= NODE_MAJOR) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath;
  throw new Error(
    `Node ${NODE_MAJOR} or newer is needed and there is no package of it for ${process.platform} ${process.arch}; ` +
      `this is Node ${process.versions.node}.\n` +
      `  What to do: install Node >= ${NODE_MAJOR} (on macOS: brew install node), put it first on the PATH, run again.`,
  );
}

function majorOf(program) {
  const run = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return run.status === 0 ? Number(/^v(\d+)/.exec(run.stdout)?.[1] ?? 0) : 0;
}
