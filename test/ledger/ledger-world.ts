import { randomBytes } from 'node:crypto';
import { upsertAccount, type AccountSettings } from '../../ledger/account-row.ts';
import { claimAnalysis, bindAnalysis, settleAnalysis } from '../../ledger/analysis-steps.ts';
import { bindAttempt } from '../../ledger/bind-attempt.ts';
import { claimCreate, type CreateCandidate, type CreateClaim } from '../../ledger/claim-create.ts';
import { enterBatch, type ItemColumns, type RowEntry } from '../../ledger/enter-batch.ts';
import type { Ledger, Tx } from '../../ledger/open-ledger.ts';
import { resolveItem } from '../../ledger/resolve-item.ts';
import { permitAnalysis, permitCreate, type Permit } from '../../ledger/send-permit.ts';

let made = 0;
/** A name no other test of this run has. */
export function freshName(prefix: string): string {
  made += 1;
  return `${prefix}-${made}-${randomBytes(3).toString('hex')}`;
}

/** Wide limits, so that a test closes in on one by naming it. */
export async function makeAccount(ledger: Ledger, settings: Partial<AccountSettings> = {}): Promise<string> {
  const name = freshName('account');
  await ledger.write((tx) =>
    upsertAccount(tx, {
      name,
      baseUrl: 'https://vendor.example',
      keyFingerprint: 'f',
      createPerSecond: 1000,
      analyzePerSecond: 1000,
      pollPerSecond: 1000,
      openTasks: 100,
      openAnalyses: 100,
      maxUncertain: 100,
      ...settings,
    }),
  );
  return name;
}

export function itemColumns(id: string, row: number, over: Partial<ItemColumns> = {}): ItemColumns {
  return {
    row,
    id,
    lane: 0,
    file: 'sheet.csv',
    line: row + 2,
    video_url: `https://media.example/${id}.mp4`,
    rule: 'ana',
    swap: JSON.stringify({ kind: 'only' }),
    resolution: '720p',
    model: 'akool-premium',
    sound: 1,
    template: null,
    output: `${id}.mp4`,
    project: null,
    note: null,
    check_id: null,
    differ: 'wait',
    x: '{}',
    cells: null,
    rule_key: `rule-${id}`,
    ...over,
  };
}

export function startRow(columns: ItemColumns): RowEntry {
  return { kind: 'start', columns, salt: null, version: 1, state: 'pending' };
}

export async function enter(
  ledger: Ledger,
  account: string,
  rows: Iterable<RowEntry>,
  over: { readonly id?: string; readonly budget?: number | null } = {},
): Promise<string> {
  const id = over.id ?? freshName('batch');
  await enterBatch(
    ledger,
    {
      id,
      account,
      project: null,
      operator: 'test',
      manifestFile: 'sheet.csv',
      manifestPath: '/sheet.csv',
      manifestSha: 'sha',
      manifestRows: Array.isArray(rows) ? rows.length : 450,
      lanes: 1,
      budget: over.budget ?? null,
      perItem: null,
      estimated: null,
      sheet: null,
    },
    rows,
  );
  return id;
}

/** An item ready to be created, with everything a claim must name. */
export interface ReadyWork {
  readonly item: number;
  readonly candidate: CreateCandidate;
}

/**
 * A batch of `count` ready items, each with a video of its own that was analysed. Work keys are `keys[i]` or unique.
 */
export async function readyBatch(
  ledger: Ledger,
  account: string,
  count: number,
  over: {
    readonly budget?: number | null;
    readonly keys?: readonly string[];
    readonly expected?: number;
    readonly unpriced?: boolean;
    readonly video?: string;
  } = {},
): Promise<{ readonly batch: string; readonly work: readonly ReadyWork[] }> {
  const ids = Array.from({ length: count }, () => freshName('sh'));
  const rows = ids.map((id, row) =>
    startRow(itemColumns(id, row, over.video === undefined ? {} : { video_url: over.video })),
  );
  const batch = await enter(ledger, account, rows, { budget: over.budget ?? null });
  const items = await ledger.db
    .selectFrom('items')
    .select(['key', 'video', 'id'])
    .where('batch', '=', batch)
    .orderBy('row')
    .execute();
  const work: ReadyWork[] = [];
  await ledger.write(async (tx, nowMs) => {
    for (const [index, item] of items.entries()) {
      const analysis = await analysedNow(tx, account, batch, item.video!, nowMs);
      const workKey = over.keys?.[index] ?? `work-${item.id}`;
      await resolveItem(tx, item.key, { analysis, people: 1 }, { kind: 'ready', mappings: [], workKey }, nowMs);
      work.push({ item: item.key, candidate: candidateFor(account, batch, { ...item, analysis, workKey }, over) });
    }
  });
  return { batch, work };
}

function candidateFor(
  account: string,
  batch: string,
  item: { readonly key: number; readonly video: number | null; readonly analysis: number; readonly workKey: string },
  over: { readonly expected?: number; readonly unpriced?: boolean },
): CreateCandidate {
  return {
    account,
    batch,
    item: item.key,
    lane: 0,
    video: item.video!,
    analysis: item.analysis,
    workKey: item.workKey,
    token: freshName('token'),
    expected: over.expected ?? 15,
    unpriced: over.unpriced ?? false,
    ahead: 50,
    share: 1_000,
  };
}

/** The video's present analysis, made by the ordinary steps if it has none. */
async function analysedNow(tx: Tx, account: string, batch: string, video: number, nowMs: number): Promise<number> {
  const known = await tx.selectFrom('videos').select('analysis').where('id', '=', video).executeTakeFirstOrThrow();
  if (known.analysis !== null) return known.analysis;
  const got = await claimAnalysis(tx, { account, batch, lane: 0, video, ahead: 50 }, nowMs);
  if (got.kind !== 'claimed') throw new Error(`analysis not claimed: ${got.kind}`);
  await tx.updateTable('accounts').set({ next_analyze_at: 0 }).where('id', '=', account).execute();
  const answer = await permitAnalysis(tx, got.analysis, account, 'me', nowMs);
  if (answer.kind !== 'go') throw new Error(`analysis not permitted: ${answer.kind}`);
  await bindAnalysis(tx, got.analysis, freshName('an'), nowMs);
  const end = { kind: 'done', people: [{ objId: 0, preview: '' }], check: 'c' } as const;
  await settleAnalysis(tx, got.analysis, end, nowMs);
  return got.analysis;
}

export function claim(ledger: Ledger, work: ReadyWork, over: Partial<CreateCandidate> = {}): Promise<CreateClaim> {
  const candidate = { ...work.candidate, token: freshName('token'), ...over };
  return ledger.write((tx, nowMs) => claimCreate(tx, candidate, nowMs));
}

/** Claims and expects to succeed. */
export async function claimed(ledger: Ledger, work: ReadyWork, over: Partial<CreateCandidate> = {}): Promise<number> {
  const result = await claim(ledger, work, over);
  if (result.kind !== 'claimed') throw new Error(`not claimed: ${JSON.stringify(result)}`);
  return result.attempt;
}

/** Asks for the permit until it is not `wait`. */
export async function permit(
  ledger: Ledger,
  attempt: number,
  account: string,
  owner = 'me',
): Promise<Exclude<Permit, { kind: 'wait' }>> {
  for (;;) {
    const answer = await ledger.write((tx, nowMs) => permitCreate(tx, attempt, account, owner, nowMs));
    if (answer.kind !== 'wait') return answer;
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(answer.waitMs)));
  }
}

/** Claims and takes the permit: the attempt is *sending*. */
export async function sending(ledger: Ledger, work: ReadyWork, over: Partial<CreateCandidate> = {}): Promise<number> {
  const attempt = await claimed(ledger, work, over);
  const answer = await permit(ledger, attempt, work.candidate.account);
  if (answer.kind !== 'go') throw new Error(`no permit: ${answer.kind}`);
  return attempt;
}

/** Binds a fresh task id. Returns it with the answer. */
export async function bind(
  ledger: Ledger,
  attempt: number,
  over: { readonly taskId?: string; readonly hold?: number | null } = {},
) {
  const taskId = over.taskId ?? freshName('task');
  const said = await ledger.write((tx, nowMs) => bindNow(tx, attempt, taskId, over.hold ?? null, nowMs));
  return { taskId, said };
}

export function bindNow(tx: Tx, attempt: number, taskId: string, hold: number | null, nowMs: number) {
  return bindAttempt(
    tx,
    attempt,
    { taskId, hold, createdAtMs: nowMs, firstPollAtMs: nowMs + 1_000.5, resolution: '720p', by: 'answer' },
    nowMs,
  );
}

export async function itemRow(ledger: Ledger, key: number) {
  return ledger.db.selectFrom('items').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
}
export async function attemptRow(ledger: Ledger, id: number) {
  return ledger.db.selectFrom('attempts').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}
export async function batchRow(ledger: Ledger, id: string) {
  return ledger.db.selectFrom('batches').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}
