import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { recordEvent } from '../ledger/events.ts';
import { compactLedger, erasableOf, purgeBatch, type Erasable } from '../ledger/purge-batch.ts';
import { writeWhole } from '../report/whole-file.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { OutputStore } from '../storage/output-store.ts';
import type { Context } from './context.ts';
import { findBatch } from './find-batch.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { writeReportFiles } from './report.ts';
import { knownBatch } from './take-up.ts';

export interface PurgePlan {
  readonly batch: string;
  readonly account: string;
  readonly urls: number;
  readonly faces: number;
  readonly picks: number;
  /** Storage keys: pictures, sheets, reports. */
  readonly files: readonly string[];
  /** Nothing is left to erase. */
  readonly empty: boolean;
}

/** What was erased, with digests: whoever still has an address or a file can check that it was among it. */
export interface PurgeProof {
  readonly schema_version: 1;
  readonly batch: string;
  readonly account: string;
  readonly at: string;
  readonly by: string;
  readonly ledger: string;
  readonly erased: {
    readonly urls_sha256: readonly string[];
    readonly face_names_sha256: readonly string[];
    readonly picks: number;
    readonly files: readonly { readonly file: string; readonly sha256: string }[];
  };
  readonly kept: readonly string[];
}

const SHEETS = ['picks.html', 'picks.csv', 'report.html', 'report.json', 'report.csv', 'junit.xml'];
const REPORTS = ['report.html', 'report.json', 'report.csv', 'junit.xml'];
const PICTURE = /\/pictures\/[0-9a-f]{20}\.(jpg|png|webp|gif)$/u;
const KEPT = [
  'attempts, charges, holds and who approved them',
  'task ids and digests of the work',
  'references and dates of consents',
  'outputs',
  'the manifest and faces files, which are yours',
];

/** What purging would erase. OperationError 2: no such batch, or one with items that are not ended. */
export async function planPurge(ctx: Context, given: string | undefined): Promise<PurgePlan> {
  const batch = await findBatch(ctx, given);
  const ledger = await ctx.ledger();
  const { account } = await knownBatch(ledger, batch);
  const found = await erasableOf(ledger.db, batch);
  refuseOpen(batch, found);
  const files = await filesOf(ctx.store(), batch, found);
  const { picks } = found;
  return {
    batch,
    account,
    urls: found.urls.length,
    faces: found.faces.length,
    picks,
    files,
    empty:
      found.urls.length + found.faces.length + picks === 0 &&
      files.every((file) => REPORTS.some((name) => file.endsWith(`/${name}`))),
  };
}

/** Erases, writes the proof beside the outputs, and builds the report anew from what is left. */
export async function purge(
  ctx: Context,
  given: string | undefined,
  how: { readonly yes: boolean },
): Promise<PurgePlan & { readonly proof: string | null; readonly compacted: boolean }> {
  const plan = await planPurge(ctx, given);
  const ledger = await ctx.ledger();
  const compact = () => ledger.dialect === 'postgres' || compactLedger(ledger.location);
  if (plan.empty) return { ...plan, proof: null, compacted: compact() };
  if (!how.yes)
    throw new OperationError(EXIT.usage, {
      message: `this erases ${plan.urls} URLs, ${plan.faces} faces and ${plan.files.length} files of ${plan.batch} for good, and was not confirmed`,
      charged: NOTHING_CHARGED,
      next: 'add --yes',
    });
  const { batch } = plan;
  const store = ctx.store();
  const found = await erasableOf(ledger.db, batch);
  const hashes: { file: string; sha256: string }[] = [];
  for (const file of plan.files) hashes.push({ file, sha256: (await store.hash(file)) ?? '' });
  const proof: PurgeProof = {
    schema_version: 1,
    batch,
    account: plan.account,
    at: new Date(await ledger.now()).toISOString(),
    by: ctx.operator,
    ledger: ledger.id,
    erased: {
      urls_sha256: digests(found.urls),
      face_names_sha256: digests(found.faces),
      picks: found.picks,
      files: hashes,
    },
    kept: KEPT,
  };
  const text = `${JSON.stringify(proof, null, 2)}\n`;
  await ledger.write(async (tx, nowMs) => {
    // Read again under the lock: a batch taken up since the question needs its URLs.
    refuseOpen(batch, await erasableOf(tx, batch));
    await purgeBatch(tx, batch, found.faces, nowMs);
    const detail = `${plan.urls} URLs, ${plan.faces} faces, ${plan.files.length} files; proof sha256 ${sha256(text)}`;
    await recordEvent(tx, { type: 'purged', batch, account: plan.account, by: ctx.operator, detail }, nowMs);
  });
  for (const file of plan.files) await store.delete(file);
  const compacted = compact();
  const path = await proofPath(store, batch);
  if (path !== null) {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, text);
    await writeReportFiles(ctx, batch, { formats: ['html', 'json', 'csv', 'junit'], out: null });
  }
  return { ...plan, proof: path, compacted };
}

function refuseOpen(batch: string, { open }: Pick<Erasable, 'open'>): void {
  if (open.length === 0) return;
  throw new OperationError(EXIT.usage, {
    message: `${open.length} ${open.length === 1 ? 'item of' : 'items of'} ${batch} ${open.length === 1 ? 'is' : 'are'} not ended (${open.slice(0, 5).join(', ')}${open.length > 5 ? ', ...' : ''}) and need their URLs; nothing was erased`,
    charged: NOTHING_CHARGED,
    next: `let it end, or headswap cancel ${batch}; an uncertain item is settled with headswap resolve first`,
  });
}

/** Pictures, sheets and reports of the batch's own folder that are there; never an output. */
async function filesOf(store: OutputStore, batch: string, { outputs }: Erasable): Promise<string[]> {
  const files: string[] = [];
  for await (const { key } of store.list(`${batch}/pictures/`)) if (PICTURE.test(`/${key}`)) files.push(key);
  for (const name of [...SHEETS, ...REPORTS.map((report) => `redacted/${report}`)])
    if ((await store.head(`${batch}/${name}`)) !== null) files.push(`${batch}/${name}`);
  return files.filter((key) => !outputs.has(key));
}

async function proofPath(store: OutputStore, batch: string): Promise<string | null> {
  for (let n = 1; ; n++) {
    const key = `${batch}/purged${n === 1 ? '' : `.${n}`}.json`;
    if ((await store.head(key)) === null) return store.pathOf(key);
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const digests = (texts: readonly string[]) => texts.map(sha256).toSorted();
