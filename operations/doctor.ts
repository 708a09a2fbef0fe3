import type { Context, ContextOptions } from './context.ts';
export interface Check {
  readonly name: 'config' | 'key' | 'balance' | 'engine' | 'ledger' | 'storage' | 'disk' | 'clock' | 'callback';
  readonly state: 'ok' | 'warn' | 'fail' | 'skipped';
  readonly detail: string;
  /** Null when ok. */
  readonly cure: string | null;
}
export interface DoctorDocument {
  readonly schema_version: 1;
  readonly ok: boolean;
  readonly exit_code: 0 | 2 | 4 | 8 | 7;
  readonly checks: readonly Check[];
  /** `--verbose`: where each setting came from. */
  readonly settings: readonly { readonly name: string; readonly value: string; readonly source: string }[];
}
/** Opens its own context, since a broken configuration is one of the things to tell. Never throws for what it checks. */
export declare function examine(options: ContextOptions): Promise<DoctorDocument>;
export type { Context };
