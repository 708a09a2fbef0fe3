import { readManifest, type ManifestReading } from '../manifests/read-manifest.ts';
import type { Problem } from '../schemas/manifest-item.ts';
import type { ContextOptions } from './context.ts';
import { readSettings, usableConfig } from './read-settings.ts';

export interface ValidateOptions {
  readonly files: readonly string[];
  readonly faces?: string;
  readonly batchName?: string;
}

export interface ValidateResult {
  readonly ok: boolean;
  readonly items: number;
  /** At most the first few thousand of each file; `errorCount` counts all. */
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly errorCount: number;
  readonly warningCount: number;
  /** One line per sheet: how it was read. */
  readonly notes: readonly string[];
}

/** Offline; all errors of all files at once. Opens no ledger. OperationError exit 2 when headswap.yaml itself has errors. */
export async function validateFiles(options: ContextOptions, what: ValidateOptions): Promise<ValidateResult> {
  const { defaults, faces, ignoreQuery, allowPrivateHosts, require } = usableConfig(readSettings(options));
  const readings: (ManifestReading & { readonly file: string })[] = [];
  for (const file of what.files) {
    readings.push({
      file,
      ...(await readManifest({
        file,
        cwd: options.cwd,
        facesFile: what.faces,
        batchName: what.batchName,
        config: { defaults, faces, ignoreQuery, allowPrivateHosts, require },
        keepItems: false,
      })),
    });
  }
  const sum = (of: 'items' | 'errorCount' | 'warningCount') =>
    readings.reduce((total, reading) => total + reading[of], 0);
  return {
    ok: sum('errorCount') === 0,
    items: sum('items'),
    errors: readings.flatMap((reading) => reading.problems),
    warnings: readings.flatMap((reading) => reading.warnings),
    errorCount: sum('errorCount'),
    warningCount: sum('warningCount'),
    notes: readings.flatMap(({ file, detected }) => (detected === null ? [] : [`${file}: ${detected}`])),
  };
}
