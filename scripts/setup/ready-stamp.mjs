// The stamp that says "nothing to do". ./headswap reads its first three lines without starting a Node, so their order is
// part of the wrapper: node, Temporal CLI, the TEMPORAL_CLI_PATH it was set up under. Fourth: lock digest, platform and
// architecture. It lives inside node_modules so that removing those removes it too.
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Stands in the stamp for a Temporal CLI that is not there and not needed, because a Temporal server is configured. */
export const NO_CLI = 'none';

const SET_UP_BY = ['package-lock.json', 'engine/temporal-cli-pins.json'];

export function stampPath(root) {
  return join(root, 'node_modules', '.headswap-ready');
}

export function lockDigest(root) {
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

/** A checkout touches the lock file without changing it; the wrapper compares times only, so the stamp must be newer. */
function freshen(root) {
  const stamp = statSync(stampPath(root)).mtimeMs;
  if (SET_UP_BY.every((file) => statSync(join(root, file)).mtimeMs < stamp)) return;
  utimesSync(stampPath(root), new Date(), new Date());
}

export function writeReadyStamp(root, env, node, temporal) {
  const text = [node, temporal, env.TEMPORAL_CLI_PATH || '', lockDigest(root), ''].join('\n');
  const temporary = `${stampPath(root)}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, stampPath(root));
}

/** The variables by which Temporal's own configuration names a server: then nothing here starts one. */
export function temporalServerConfigured(env) {
  return Boolean(env.TEMPORAL_ADDRESS || env.TEMPORAL_PROFILE || env.TEMPORAL_CONFIG_FILE);
}
