import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Workflow code ready to be loaded, and the digest of the sources it was made from. */
export interface WorkflowBundle {
  readonly codePath: string;
  /** Goes into the memo of every workflow: a driver of another digest is started anew (design D1). */
  readonly digest: string;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Sources that a bundle may hold: workflows, and the names they share. */
const SOURCES = ['workflows', 'schemas'];

/**
 * The bundle of the present sources, made once per digest and kept in the project's cache: bundling takes over a second
 * and 130 MB in the worker, which a start from the cache spares.
 */
export async function workflowBundle(cacheDir = join(ROOT, '.cache', 'workflows')): Promise<WorkflowBundle> {
  const digest = await sourcesDigest();
  const codePath = join(cacheDir, `${digest}.js`);
  if (existsSync(codePath)) return { codePath, digest };
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(ROOT, 'workflows', 'index.ts'),
    workflowInterceptorModules: [join(ROOT, 'workflows', 'trace-header.ts')],
    logger: QUIET,
  });
  await mkdir(cacheDir, { recursive: true });
  const temporary = `${codePath}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, codePath);
  return { codePath, digest };
}

async function sourcesDigest(): Promise<string> {
  const hash = createHash('sha256');
  const require = createRequire(import.meta.url);
  hash.update((require('@temporalio/workflow/package.json') as { version: string }).version);
  for (const folder of SOURCES) {
    const names = (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.ts')).sort();
    for (const name of names) hash.update(name).update(await readFile(join(ROOT, folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

const nothing = () => undefined;
const QUIET = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
