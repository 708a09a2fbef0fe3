import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEgress } from '../egress/fetch-checked.ts';
import type { ScheduleRow } from '../ledger/tables.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Problem } from '../schemas/manifest-item.ts';
import { withoutAddresses } from '../schemas/notice.ts';
import type { Context } from './context.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { planBatch, type Plan } from './plan-batch.ts';

const LARGEST_MANIFEST_BYTES = 256 * 1024 * 1024;
const FETCH_TIMEOUT_MS = 30_000;
const FETCH_TRIES = 3;
const BETWEEN_TRIES_MS = 3_000;
/** Problems a run is refused with; the rest is for `validate`. */
const PROBLEMS_TOLD = 3;

/**
 * Plans the next run of a schedule from its manifest as it is now. What is read is fixed by its digest: the file may change
 * afterwards without changing this run. OperationError 3 (errors in it), 2, 8 (not fetched).
 */
export async function planScheduledRun(ctx: Context, schedule: ScheduleRow, committed: number): Promise<Plan> {
  const file = /^https?:/iu.test(schedule.manifest) ? await fetchManifest(ctx, schedule) : schedule.manifest;
  const perRun = schedule.budget_per_run;
  return planBatch(ctx, {
    file,
    batchName: schedule.name,
    ...(schedule.account === null ? {} : { account: schedule.account }),
    // A budget caps a batch over its life; what a run may spend comes on top of what is spent.
    ...(perRun === null ? {} : { budget: committed + perRun }),
  });
}

/** A copy under the state directory, at the same place every time, so that the batch keeps its manifest's path. */
async function fetchManifest(ctx: Context, schedule: ScheduleRow): Promise<string> {
  const egress = createEgress();
  try {
    for (let tries = 1; ; tries += 1) {
      const answer = await egress.fetchChecked(schedule.manifest, {
        maxBytes: LARGEST_MANIFEST_BYTES,
        timeoutMs: FETCH_TIMEOUT_MS,
        allowPrivate: ctx.config.allowPrivateHosts,
      });
      if (answer.kind === 'ok') {
        const parts: Buffer[] = [];
        for await (const part of answer.body) parts.push(part as Buffer);
        return await keepCopy(ctx, schedule, Buffer.concat(parts), answer.headers['content-type'] ?? '');
      }
      const said = answer.kind === 'http' ? `HTTP ${answer.status}` : answer.reason;
      const mayPass = answer.kind === 'network' || (answer.kind === 'http' && answer.status >= 500);
      if (!mayPass || tries >= FETCH_TRIES) {
        throw new OperationError(EXIT.unreachable, {
          message: `the manifest could not be fetched (${said})`,
          charged: NOTHING_CHARGED,
          next: 'check its address; the next run fetches it again',
        });
      }
      await sleep(BETWEEN_TRIES_MS);
    }
  } finally {
    await egress.close();
  }
}

async function keepCopy(ctx: Context, schedule: ScheduleRow, bytes: Buffer, type: string): Promise<string> {
  const folder = join(ctx.stateDir, 'schedules', schedule.name);
  const named = basename(new URL(schedule.manifest).pathname).replaceAll(/[^\w.-]/gu, '-');
  const extension = /csv/iu.test(type) ? '.csv' : '.yaml';
  const path = join(folder, /\.(csv|tsv|ya?ml|json)$/iu.test(named) ? named : `manifest${extension}`);
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
  await writeFile(temporary, bytes, { mode: 0o600 });
  await rename(temporary, path);
  return path;
}

/** Why a run cannot be: the first errors of its manifest with their places, or what else is wrong. Free of addresses. */
export function refusalTexts(error: OperationError): string[] {
  if (error.problems.length === 0) return [withoutAddresses(error.message)];
  return error.problems.slice(0, PROBLEMS_TOLD).map(problemText);
}

function problemText({ code, message, file, line, column }: Problem): string {
  return withoutAddresses(`${code} ${basename(file)}:${line}:${column} ${message}`);
}
