import { dirname, join } from 'node:path';
import type { Ledger } from '../ledger/open-ledger.ts';
import { reportFacts } from '../operations/report-facts.ts';
import packageJson from '../package.json' with { type: 'json' };
import { buildReport } from '../report/build-report.ts';
import { writeReport } from '../report/write-report.ts';
import type { OutputStore } from '../storage/output-store.ts';

/** Writes all forms of a batch's report beside its outputs. A store without paths (object stores) goes without. */
export async function writeBatchReport(ledger: Ledger, store: OutputStore, batch: string): Promise<void> {
  const facts = await reportFacts(ledger, batch, packageJson.version);
  const path = store.pathOf('x');
  if (facts === null || path === null) return;
  const storageRoot = dirname(path);
  await writeReport(facts, buildReport(facts), {
    dir: join(storageRoot, batch),
    formats: ['html', 'json', 'csv', 'junit'],
    storageRoot,
  });
}
