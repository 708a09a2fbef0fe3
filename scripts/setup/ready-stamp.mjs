// The stamp that says "nothing to do". ./headswap reads its first three lines without starting a Node, so their order is
// part of the wrapper: node, Temporal CLI, the TEMPORAL_CLI_PATH it was set up under. Fourth: lock digest, platform and
// architecture. It lives inside node_modules so that removing those removes it too.
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Stands in the stamp for a Temporal CLI that is not there and not needed, because a Temporal server is configured. */
export const NO_CLI = 'none';

const SET_UP_BY = ['package-lock.json', 'engine/temporal-cli-pins.json'];

function stampPath(root) {
  return join(root, 'node_modules', '.headswap-ready');
}

function lockDigest(root) {
  const hash = createHash('sha256');
  for (const file of SET_UP_BY) hash.update(readFileSync(join(root, file)));
  return `${hash.digest('hex')} ${process.platform} ${process.arch}`;
}

/** True when everything is in place for this lock file, platform and environment. Costs two small reads. */
export function isReady(root, env) {
  try {
    const [node, temporal, cliPath, digest] = readFileSync(stampPath(root), 'utf8').split('\n');
    accessSync(node, constants.X_OK);
    if (temporal !== NO_CLI) accessSync(temporal, constants.X_OK);
    else if (!temporalServerConfigured(env)) return false;
    if (cliPath !== (env.TEMPORAL_CLI_PATH || '') || digest !== lockDigest(root)) return false;
    freshen(root);
    return true;
  } catch {
    return false;
  }
}

/**
 * The wrapper compares times only, so the stamp must be newer than what set-up works from: a checkout touches the lock
 * file without changing it, and an unpacked archive or a wrong clock can put it into the future.
 */
function freshen(root) {
  const newest = Math.max(...SET_UP_BY.map((file) => statSync(join(root, file)).mtimeMs));
  if (statSync(stampPath(root)).mtimeMs > newest) return;
  const time = new Date(Math.max(Date.now(), newest + 1_000));
  utimesSync(stampPath(root), time, time);
}

export function writeReadyStamp(root, env, node, temporal) {
  const text = [node, temporal, env.TEMPORAL_CLI_PATH || '', lockDigest(root), ''].join('\n');
  const temporary = `${stampPath(root)}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, stampPath(root));
  freshen(root);
}

/** As in engine/connect.ts: any of these names a Temporal server, and then nothing here starts one. ./headswap too. */
export function temporalServerConfigured(env) {
  const { TEMPORAL_ADDRESS, TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY } = env;
  return Boolean(
    TEMPORAL_ADDRESS || TEMPORAL_PROFILE || TEMPORAL_CONFIG_FILE || TEMPORAL_NAMESPACE || TEMPORAL_API_KEY,
  );
}
