import { checkCallback } from './check-callback.ts';
import { worstExit, type ExitCode } from '../schemas/exit-codes.ts';
import { checkClock, checkDisk, checkEngine, checkLedger, checkStorage, checkVendor } from './doctor-checks.ts';
import { openContext, type ContextOptions } from './context.ts';
import { OperationError } from './operation-error.ts';
import { readSettings, type Settings } from './read-settings.ts';
import { sendSamples } from './send-samples.ts';
import { EXIT } from '../schemas/exit-codes.ts';

export type CheckName =
  | 'config'
  | 'key'
  | 'balance'
  | 'engine'
  | 'ledger'
  | 'storage'
  | 'disk'
  | 'clock'
  | 'callback'
  | 'notify';

export interface Check {
  readonly name: CheckName;
  readonly state: 'ok' | 'warn' | 'fail' | 'skipped';
  readonly detail: string;
  /** Null when there is nothing to cure. */
  readonly cure: string | null;
  /** What a command would end with because of it; 0 unless it failed. */
  readonly exit: ExitCode;
}

export interface DoctorDocument {
  readonly schema_version: 1;
  readonly ok: boolean;
  readonly exit_code: ExitCode;
  readonly checks: readonly Check[];
  /** `--verbose`: where each setting came from. */
  readonly settings: readonly { readonly name: string; readonly value: string; readonly source: string }[];
}

/**
 * Opens its own context, since a broken configuration is one of the things to tell. Never throws for what it checks. With
 * `notify` each receiver of notifications gets a sample.
 */
export async function examine(
  options: ContextOptions,
  how: { readonly notify?: boolean } = {},
): Promise<DoctorDocument> {
  const settings = settingsOrFailure(options);
  if ('failure' in settings) return documentOf([settings.failure], []);
  const config = configCheck(settings);
  const shown = (settings.reading.config?.settings ?? []).map(({ path, value, origin }) => ({
    name: path,
    value,
    source: origin,
  }));
  if (settings.reading.config === null) return documentOf([config], shown);
  const ctx = await openContext(options);
  try {
    const vendor = await checkVendor(ctx);
    const rest = await Promise.all([
      checkEngine(ctx),
      checkLedger(ctx),
      checkStorage(ctx),
      checkDisk(ctx),
      checkClock(ctx),
      checkCallback(ctx),
    ]);
    const notify = how.notify === true ? await sendSamples(ctx) : [];
    return documentOf([config, ...vendor, ...rest, ...notify], shown);
  } finally {
    await ctx.close();
  }
}

function settingsOrFailure(options: ContextOptions): Settings | { readonly failure: Check } {
  try {
    return readSettings(options);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return { failure: { name: 'config', state: 'fail', detail: error.message, cure: error.next, exit: error.exit } };
  }
}

function configCheck({ reading, configFile, baseDir }: Settings): Check {
  const [problem] = reading.problems;
  if (problem !== undefined) {
    const more = reading.problems.length > 1 ? ` (and ${reading.problems.length - 1} more)` : '';
    return {
      name: 'config',
      state: 'fail',
      detail: `${problem.file}:${problem.line}:${problem.column}: ${problem.message}${more}`,
      cure: problem.help ?? 'correct it',
      exit: EXIT.usage,
    };
  }
  const [warning] = reading.warnings;
  if (warning !== undefined)
    return { name: 'config', state: 'warn', detail: warning.message, cure: warning.help, exit: EXIT.ok };
  const detail =
    configFile === null ? `no headswap.yaml from ${baseDir} upward: built-in settings and the environment` : configFile;
  return { name: 'config', state: 'ok', detail, cure: null, exit: EXIT.ok };
}

function documentOf(checks: readonly Check[], settings: DoctorDocument['settings']): DoctorDocument {
  const exit_code = worstExit(checks.map((check) => check.exit));
  return { schema_version: 1, ok: !checks.some((check) => check.state === 'fail'), exit_code, checks, settings };
}
