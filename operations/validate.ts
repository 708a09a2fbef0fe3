import type { Problem } from '../schemas/manifest-item.ts';
import type { ContextOptions } from './context.ts';
export interface ValidateOptions {
  readonly files: readonly string[];
  readonly faces?: string;
  readonly batchName?: string;
}
export interface ValidateResult {
  readonly ok: boolean;
  readonly items: number;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** One line per file: what was detected. */
  readonly notes: readonly string[];
}
/** Offline; all errors of all files at once. */
export declare function validateFiles(options: ContextOptions, what: ValidateOptions): Promise<ValidateResult>;
