import type { Context } from './context.ts';
export interface CreditsDocument {
  readonly schema_version: 1;
  readonly account: string;
  readonly ledger: string;
  /** Null when the vendor could not be asked; `balance_note` says why. */
  readonly balance: number | null;
  readonly balance_note: string | null;
  readonly balance_at: string | null;
  readonly held: number;
  readonly spent: number;
  readonly groups: readonly {
    readonly key: string;
    readonly held: number;
    readonly spent: number;
    readonly tasks: number;
  }[];
}
/** Balance (one free call), held and spent, of one account. */
export declare function readCredits(ctx: Context, by: 'batch' | 'project' | 'day' | null): Promise<CreditsDocument>;
