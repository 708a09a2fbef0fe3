import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseConfig, type ConfigReading } from '../manifests/read-config.ts';
import { EMULATOR_ACCOUNT, type Config } from '../schemas/config.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { findConfig, STATE_FOLDER } from './find-config.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';

export interface SettingsOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: { readonly config?: string; readonly account?: string; readonly port?: number };
}

/** Where things lie and what headswap.yaml says, before anything is opened. */
export interface Settings {
  readonly configFile: string | null;
  readonly baseDir: string;
  readonly stateDir: string;
  readonly rehearsal: boolean;
  readonly reading: ConfigReading;
}

/** Reads without judging: problems stay in `reading`. OperationError exit 2 only when `--config` names no readable file. */
export function readSettings({ cwd, env, flags }: SettingsOptions): Settings {
  const configFile = findConfig(cwd, flags.config);
  const baseDir = configFile === null ? resolve(cwd) : dirname(configFile);
  const rehearsal = flags.account === EMULATOR_ACCOUNT;
  const state = join(baseDir, STATE_FOLDER);
  let text: string | null = null;
  try {
    text = configFile === null ? null : readFileSync(configFile, 'utf8');
  } catch (error) {
    throw new OperationError(
      EXIT.usage,
      {
        code: 'M001',
        message: `the configuration ${configFile ?? ''} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
        charged: NOTHING_CHARGED,
        next: 'check the path given with --config and its permissions',
      },
      { cause: error },
    );
  }
  const shown = configFile === null ? 'headswap.yaml' : relative(cwd, configFile);
  const reading = parseConfig(text, shown, env, { port: flags.port }, (path) =>
    readFileSync(resolve(baseDir, path), 'utf8'),
  );
  return { configFile, baseDir, stateDir: rehearsal ? join(state, EMULATOR_ACCOUNT) : state, rehearsal, reading };
}

/** The configuration, or an OperationError (exit 2) with every problem in it. */
export function usableConfig({ reading, configFile }: Settings): Config {
  if (reading.config !== null) return reading.config;
  const count = reading.problems.length;
  throw new OperationError(EXIT.usage, {
    code: reading.problems[0]?.code ?? 'M182',
    message: `${configFile ?? 'the configuration'} has ${count} ${count === 1 ? 'error' : 'errors'}: ${reading.problems[0]?.message ?? ''}`,
    charged: NOTHING_CHARGED,
    next: reading.problems[0]?.help ?? 'correct it, then run the same command again',
    problems: reading.problems,
  });
}
