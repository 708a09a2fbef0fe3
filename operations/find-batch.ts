import { resolve } from 'node:path';
import { allBatches } from '../ledger/status-queries.ts';
import type { BatchRow } from '../ledger/tables.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Context } from './context.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';

/** Exact id, unique prefix, the manifest's path, or (undefined) the only open batch. OperationError exit 2. */
export async function findBatch(ctx: Context, given: string | undefined): Promise<string> {
  const batches = ctx.ledgerExists() ? await allBatches((await ctx.ledger()).db) : [];
  const found = chooseBatch(batches, given, given === undefined ? null : resolve(ctx.options.cwd, given));
  if (typeof found === 'string') return found;
  throw new OperationError(EXIT.usage, { ...found, charged: NOTHING_CHARGED });
}

/** The id, or why there is none. Pure. */
export function chooseBatch(
  batches: readonly BatchRow[],
  given: string | undefined,
  path: string | null,
): string | { readonly message: string; readonly next: string } {
  if (given === undefined) {
    const open = batches.filter((batch) => batch.state !== 'finished' && batch.state !== 'cancelled');
    const [only, ...others] = open;
    if (only !== undefined && others.length === 0) return only.id;
    if (only === undefined) return { message: 'no batch is open', next: 'name one: `headswap status` lists them' };
    return { message: `${open.length} batches are open: ${named(open)}`, next: 'name one of them' };
  }
  if (batches.some((batch) => batch.id === given)) return given;
  const byPath = batches.filter((batch) => batch.manifest_path === path);
  const byPrefix = batches.filter((batch) => batch.id.startsWith(given));
  for (const some of [byPath, byPrefix]) {
    const [only, ...others] = some;
    if (only !== undefined && others.length === 0) return only.id;
    if (only !== undefined)
      return { message: `"${given}" fits ${some.length} batches: ${named(some)}`, next: 'write more of its name' };
  }
  return { message: `no batch "${given}" in this ledger`, next: '`headswap status` lists the batches' };
}

function named(batches: readonly BatchRow[]): string {
  const names = batches.slice(0, 5).map((batch) => batch.id);
  return names.join(', ') + (batches.length > names.length ? ', ...' : '');
}
