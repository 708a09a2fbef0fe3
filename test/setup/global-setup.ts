import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { enginePaths } from '../../engine/engine-paths.ts';
import { findServersOn, killServer } from '../../engine/server-process.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** State directory of the Temporal server that test files share; see temporal-server.ts. */
    sharedEngineDir: string;
  }
}

/** Makes room for the shared server; the first test file that asks starts it, so runs without such files do not pay. */
export default function setup(project: TestProject): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'headswap-tests-'));
  project.provide('sharedEngineDir', folder);
  return async () => {
    // Test files leave, and the last one out stops it; this is for a run that was cut short.
    for (const server of findServersOn(enginePaths(folder).database)) await killServer(server);
    rmSync(folder, { recursive: true, force: true });
  };
}
