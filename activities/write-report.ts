import type { ActivityDependencies } from './dependencies.ts';

/** Writes the report of a round that ended; built from the ledger alone, so it can be built again at any time. */
export function createWriteReport(deps: ActivityDependencies) {
  return async function writeReport(batch: string): Promise<void> {
    await deps.at('mid-report');
    await deps.writeReport(batch);
  };
}
