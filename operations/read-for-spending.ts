import { readManifest, type ManifestReading } from '../manifests/read-manifest.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Manifest, Problem } from '../schemas/manifest-item.ts';
import type { Context } from './context.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import type { PlanOptions } from './plan-batch.ts';

/** Reads a manifest that is about to be planned or run. OperationError exit 3 with all problems, unless bad rows may be skipped. */
export async function readForSpending(
  ctx: Context,
  options: PlanOptions,
): Promise<{ readonly manifest: Manifest; readonly warnings: readonly Problem[]; readonly detected: string | null }> {
  const { defaults, faces, ignoreQuery, allowPrivateHosts, require } = ctx.config;
  const reading = await readManifest({
    file: options.file,
    cwd: ctx.options.cwd,
    facesFile: options.faces,
    batchName: options.batchName,
    config: { defaults, faces, ignoreQuery, allowPrivateHosts, require },
  });
  const { manifest } = reading;
  if (manifest === null || (reading.errorCount > 0 && options.skipBadRows !== true))
    throw manifestErrors(options.file, reading);
  return { manifest, warnings: reading.warnings, detected: reading.detected };
}

function manifestErrors(file: string, reading: ManifestReading): OperationError {
  const count = reading.errorCount;
  const skippable = reading.manifest !== null && reading.manifest.items.length > 0;
  return new OperationError(EXIT.manifest, {
    code: reading.problems[0]?.code ?? 'M001',
    message: `${file} has ${count} ${count === 1 ? 'error' : 'errors'}; nothing was started`,
    charged: NOTHING_CHARGED,
    next: skippable
      ? 'correct the rows above, or do the others with --skip-bad-rows'
      : 'correct what is marked above, then run the same command again',
    problems: reading.problems,
  });
}
