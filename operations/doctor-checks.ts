import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rmdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sqliteFile } from '../ledger/open-ledger.ts';
import { verifyCounters } from '../ledger/verify-counters.ts';
import { EXIT, type ExitCode } from '../schemas/exit-codes.ts';
import { storageRoot } from '../storage/storage-root.ts';
import type { Context } from './context.ts';
import type { Check, CheckName } from './doctor.ts';
import { useEngine } from './engine-use.ts';
import { OperationError } from './operation-error.ts';
import { refusalOf } from './probe-vendor.ts';

const TIMEOUT_MS = 10_000;

/** Key and balance, by the one free call. */
export async function checkVendor(ctx: Context): Promise<Check[]> {
  return guarded('key', EXIT.account, async () => {
    const account = await ctx.account(null);
    const name = account.settings.name;
    const balance = await account.client.balance({ signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (balance.kind === 'ok') {
      const enough = balance.value > 0;
      return [
        ok('key', `account "${name}": the vendor accepts the key`),
        enough
          ? ok('balance', `${balance.value} credits`)
          : {
              name: 'balance',
              state: 'warn',
              detail: `${balance.value} credits`,
              cure: 'top up before a run: without credits nothing is created',
              exit: EXIT.ok,
            },
      ];
    }
    const refused = refusalOf(account, balance);
    if (refused !== null) return [fail('key', refused.message, refused.next, refused.exit)];
    const cure =
      balance.kind === 'transport'
        ? 'check the network, a proxy or firewall, and base_url'
        : 'wait a little and try again';
    return [fail('key', `account "${name}": ${balance.message}`, cure, EXIT.unreachable)];
  });
}

/** Really connects: an embedded engine is started and, if nobody else uses it, stopped again. */
export async function checkEngine(ctx: Context): Promise<Check> {
  const [check] = await guarded('engine', EXIT.unreachable, async () => {
    const engine = await useEngine(ctx, 'own-if-none');
    const { chosenBy, address, namespace } = engine.target;
    await engine.leave();
    return [
      ok(
        'engine',
        chosenBy === 'embedded'
          ? `embedded Temporal starts (${address})`
          : `Temporal at ${address}, namespace ${namespace} (${chosenBy})`,
      ),
    ];
  });
  return check as Check;
}

/** File system types (statfs) whose locks cannot be trusted over a network: NFS, SMB, CIFS, SMB2, AFS, 9P. */
const NETWORK_TYPES = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x01021997]);

export async function checkLedger(ctx: Context): Promise<Check> {
  const [check] = await guarded('ledger', EXIT.unreachable, async () => {
    const sqlite = ctx.ledgerUrl.startsWith('sqlite:') ? sqliteFile(ctx.ledgerUrl, ctx.baseDir) : null;
    if (sqlite !== null && (await isNetworkFolder(sqlite))) {
      return [
        fail(
          'ledger',
          `${sqlite} lies on a network folder, where SQLite's locks cannot be trusted`,
          'move it to a local disk (`ledger:`), or use PostgreSQL',
          EXIT.unreachable,
        ),
      ];
    }
    if (!ctx.ledgerExists())
      return [ok('ledger', `${sqlite ?? ''} will be made: work paid elsewhere is not known here`)];
    const ledger = await ctx.ledger();
    const wrong = await verifyCounters(ledger.db);
    if (wrong.length > 0)
      return [
        fail(
          'ledger',
          `${ledger.location}: ${wrong.length} counters differ from its rows`,
          'start nothing that spends, keep a copy of the file, and report it',
          EXIT.unexpected,
        ),
      ];
    return [ok('ledger', ledger.location)];
  });
  return check as Check;
}

async function isNetworkFolder(file: string): Promise<boolean> {
  let folder = dirname(file);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { type } = await statfs(folder);
  return NETWORK_TYPES.has(type >>> 0);
}

/** Writes, reads back and deletes a small file, and the folders that were made for it. */
export async function checkStorage(ctx: Context): Promise<Check> {
  const [check] = await guarded('storage', EXIT.unreachable, async () => {
    const store = ctx.store();
    const key = `headswap-doctor-${randomUUID()}.tmp`;
    const missing = missingFolders(storageRoot(store));
    await store.put(key, oneChunk('headswap doctor'));
    const there = await store.head(key);
    await store.delete(key);
    // Not empty any more: a batch began meanwhile, and it stays.
    for (const folder of missing) await rmdir(folder).catch(() => undefined);
    if (there === null)
      return [fail('storage', `${store.place} lost a file that was just written`, 'check the disk', EXIT.unreachable)];
    return [ok('storage', `${store.place} can be written`)];
  });
  return check as Check;
}

/** Folders of a path that are not there yet, the innermost first. */
function missingFolders(path: string | null): string[] {
  if (path === null || existsSync(path)) return [];
  return [path, ...missingFolders(dirname(path) === path ? null : dirname(path))];
}

const LOW_BYTES = 2_000_000_000;
const FULL_BYTES = 200_000_000;

export async function checkDisk(ctx: Context): Promise<Check> {
  const [check] = await guarded('disk', EXIT.unreachable, async () => [judgeDisk(await ctx.store().freeBytes())]);
  return check as Check;
}

/** Outputs are some tens of megabytes each; what is in flight must fit. Pure. */
export function judgeDisk(freeBytes: number | null): Check {
  if (freeBytes === null)
    return {
      name: 'disk',
      state: 'skipped',
      detail: 'the store has no end that could be read',
      cure: null,
      exit: EXIT.ok,
    };
  const free = `${Math.round(freeBytes / 1e6).toLocaleString('en-US')} MB free`;
  if (freeBytes < FULL_BYTES)
    return fail('disk', free, 'free some space: creates stop when outputs in flight would not fit', EXIT.unreachable);
  if (freeBytes < LOW_BYTES)
    return { name: 'disk', state: 'warn', detail: free, cure: 'free some space before a large batch', exit: EXIT.ok };
  return ok('disk', free);
}

export async function checkClock(ctx: Context): Promise<Check> {
  const url = ctx.rehearsal ? null : ctx.accountConfig(null).baseUrl;
  if (url === null) return judgeClock(null, 0);
  try {
    // Only the Date header is wanted; no key is sent.
    const answer = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    return judgeClock(answer.headers.get('date'), ctx.nowMs());
  } catch {
    return judgeClock(null, 0);
  }
}

const CLOCK_WARN_MS = 30_000;
const CLOCK_FAIL_MS = 300_000;

/** Compares with the vendor's Date header, which has whole seconds. Pure. */
export function judgeClock(date: string | null, nowMs: number): Check {
  const vendorMs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(vendorMs))
    return {
      name: 'clock',
      state: 'skipped',
      detail: 'the vendor tells no time to compare with',
      cure: null,
      exit: EXIT.ok,
    };
  const apart = Math.abs(nowMs - vendorMs);
  const detail = `${Math.round(apart / 1000)} s from the vendor's clock`;
  const cure = 'set the clock of this machine (NTP): tasks are matched by time, and links expire by it';
  if (apart > CLOCK_FAIL_MS) return fail('clock', detail, cure, EXIT.unexpected);
  return apart > CLOCK_WARN_MS ? { name: 'clock', state: 'warn', detail, cure, exit: EXIT.ok } : ok('clock', detail);
}

function ok(name: CheckName, detail: string): Check {
  return { name, state: 'ok', detail, cure: null, exit: EXIT.ok };
}

function fail(name: CheckName, detail: string, cure: string, exit: ExitCode): Check {
  return { name, state: 'fail', detail, cure, exit };
}

/** A check never ends the others: what it throws is its finding. */
async function guarded(name: CheckName, exit: ExitCode, check: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof OperationError) return [fail(name, error.message, error.next, error.exit)];
    return [fail(name, error instanceof Error ? error.message : String(error), 'mend what the message names', exit)];
  }
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
