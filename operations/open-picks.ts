import type { Ledger } from '../ledger/open-ledger.ts';
import { decisionsOf, pickCandidates, type Decision, type PickCandidate } from '../ledger/picks.ts';
import type { BatchRow } from '../ledger/tables.ts';
import { readManifest } from '../manifests/read-manifest.ts';
import { facesOfRule } from '../manifests/swap-rule.ts';
import type { Face, SwapRule } from '../schemas/manifest-item.ts';
import type { Context } from './context.ts';
import { EMULATOR_BASE_URL } from './emulator-account.ts';

/** What a batch's decisions by eye are made from. */
export interface OpenPicks {
  readonly batch: string;
  /** All items, in the order of the sheet. */
  readonly items: readonly PickCandidate[];
  readonly decisions: readonly Decision[];
  readonly faces: readonly Face[];
  readonly baseUrl: string;
  /** Sentences for people. */
  readonly notes: readonly string[];
}

/** Faces come from the manifest as it is now; where it cannot be read, from the rows that the ledger has. */
export async function readOpenPicks(
  ctx: Context,
  ledger: Ledger,
  batch: BatchRow,
  facesFile: string | undefined,
): Promise<OpenPicks> {
  const items = await pickCandidates(ledger.db, batch.id);
  const decisions = await decisionsOf(ledger.db, batch.id);
  const account = await ledger.db
    .selectFrom('accounts')
    .select('base_url')
    .where('id', '=', batch.account)
    .executeTakeFirst();
  const { faces, notes } = await facesOf(ctx, batch, facesFile);
  const known = new Map(faces.map((face) => [face.name.toLowerCase(), face]));
  for (const face of facesInRows(items))
    if (!known.has(face.name.toLowerCase())) known.set(face.name.toLowerCase(), face);
  return {
    batch: batch.id,
    items,
    decisions,
    faces: [...known.values()],
    baseUrl: account?.base_url ?? (ctx.rehearsal ? EMULATOR_BASE_URL : ctx.accountConfig(batch.account).baseUrl),
    notes,
  };
}

async function facesOf(
  ctx: Context,
  batch: BatchRow,
  facesFile: string | undefined,
): Promise<{ faces: readonly Face[]; notes: string[] }> {
  const { defaults, faces, ignoreQuery, allowPrivateHosts } = ctx.config;
  const reading = await readManifest({
    file: batch.manifest_path,
    cwd: ctx.options.cwd,
    facesFile,
    batchName: batch.id,
    config: { defaults, faces, ignoreQuery, allowPrivateHosts },
  });
  if (reading.manifest !== null) return { faces: reading.manifest.faces, notes: [] };
  return {
    faces,
    notes: [
      `The manifest ${batch.manifest_file} cannot be read now: only faces of headswap.yaml and of rows already entered are known by name.`,
    ],
  };
}

/** Faces that rules and mappings of the batch name. */
function facesInRows(items: readonly PickCandidate[]): Face[] {
  return items.flatMap(({ swap }) => (swap === '' ? [] : facesOfRule(JSON.parse(swap) as SwapRule)));
}
