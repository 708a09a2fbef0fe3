import type { Context } from './context.ts';

/** Exact id, unique prefix, the manifest's path, or (undefined) the only open batch. OperationError exit 2. */
export declare function findBatch(ctx: Context, given: string | undefined): Promise<string>;
