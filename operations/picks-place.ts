import { join, resolve } from 'node:path';
import type { Context } from './context.ts';
import { OperationError, NOTHING_CHARGED } from './operation-error.ts';
import { EXIT } from '../schemas/exit-codes.ts';

export const SHEET_NAME = 'picks.html';
export const FILE_NAME = 'picks.csv';

/** The folder a batch's sheet and picks file lie in: `--out`, else beside its outputs. */
export function picksDir(ctx: Context, batch: string, out: string | null): string {
  if (out !== null) return resolve(ctx.options.cwd, out);
  const path = ctx.store().pathOf(`${batch}/${FILE_NAME}`);
  if (path === null)
    throw new OperationError(EXIT.usage, {
      message: 'the storage is no folder',
      charged: NOTHING_CHARGED,
      next: 'name a folder with --out DIR, and the file with --file CSV',
    });
  return join(path, '..');
}

export function picksFile(ctx: Context, batch: string): string {
  return join(picksDir(ctx, batch, null), FILE_NAME);
}
