import type { ContextOptions } from './context.ts';
import type { RunningEmulator } from './starters.ts';
/** The emulated vendor on a port. `faultsFile`: a fault plan in YAML or JSON. OperationError exit 2 for a bad plan or a taken port. */
export declare function startEmulatorCommand(
  options: ContextOptions,
  how: { readonly port: number; readonly faultsFile: string | null; readonly credits: number | null },
): Promise<RunningEmulator>;
