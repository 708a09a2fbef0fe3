// Sets up what a clean clone lacks: dependencies from the lock file, the pinned Node, the Temporal CLI. Runs before
// `npm test` and `npm run verify`, and from ./headswap. Builtins only and old syntax only: it starts on the system's
// Node (>= 20) before anything is installed. One line per step on stderr; silent when there is nothing to do.
import { fileURLToPath } from 'node:url';
import { isReady } from './setup/ready-stamp.mjs';

/** Exit codes as in schemas/exit-codes.ts, which this file cannot import on Node 20. */
const UNEXPECTED = 1;
const UNREACHABLE = 8;

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

async function setUp() {
  const { withSetupLock } = await import('./setup/setup-lock.mjs');
  const { setUpDependencies, findNode } = await import('./setup/dependencies.mjs');
  const { setUpTemporalCli } = await import('./setup/temporal-cli.mjs');
  const { prepareWorkflows } = await import('./setup/workflow-bundle.mjs');
  const { writeReadyStamp } = await import('./setup/ready-stamp.mjs');
  await withSetupLock(root, say, async () => {
    // Somebody else may have done all of it while we waited for the lock.
    if (isReady(root, process.env)) return;
    setUpDependencies(root, process.env, say);
    const node = findNode(root);
    const temporal = await setUpTemporalCli(root, node, process.env, say);
    prepareWorkflows(root, node, say);
    writeReadyStamp(root, process.env, node, temporal);
  });
}

function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

if (!isReady(root, process.env)) {
  try {
    await setUp();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = error instanceof Error && error.name === 'TemporalCliMissing' ? UNREACHABLE : UNEXPECTED;
  }
}
