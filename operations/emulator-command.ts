import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { EXIT } from '../schemas/exit-codes.ts';
import type { ContextOptions } from './context.ts';
import { OperationError } from './operation-error.ts';
import type { RunningEmulator } from './starters.ts';

export interface EmulatorCommand {
  readonly port: number;
  /** A fault plan in YAML or JSON: `faults: [...]`. */
  readonly faultsFile: string | null;
  readonly credits: number | null;
}

/** The emulated vendor on a port. OperationError exit 2 for a bad plan, 1 for a taken port. */
export async function startEmulatorCommand(options: ContextOptions, how: EmulatorCommand): Promise<RunningEmulator> {
  const faults = how.faultsFile === null ? [] : readFaults(resolve(options.cwd, how.faultsFile), how.faultsFile);
  try {
    return await options.starters.startEmulator({
      port: how.port,
      faults,
      ...(how.credits === null ? {} : { credits: how.credits }),
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new OperationError(
      EXIT.usage,
      {
        message: taken ? `port ${how.port} is taken` : `the emulated vendor could not be started: ${said}`,
        next: taken
          ? 'choose another with --port, or 0 for any free one'
          : 'check the fault plan: emulator/README.md lists the kinds',
      },
      { cause: error },
    );
  }
}

function readFaults(path: string, shown: string): readonly unknown[] {
  try {
    const plan = parse(readFileSync(path, 'utf8')) as { faults?: unknown } | null;
    if (Array.isArray(plan?.faults)) return plan.faults as readonly unknown[];
  } catch (error) {
    throw new OperationError(
      EXIT.usage,
      {
        message: `the fault plan ${shown} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        next: 'correct it; emulator/README.md lists the kinds',
      },
      { cause: error },
    );
  }
  throw new OperationError(EXIT.usage, {
    message: `the fault plan ${shown} has no list "faults"`,
    next: 'start it with `faults:`; emulator/README.md lists the kinds',
  });
}
