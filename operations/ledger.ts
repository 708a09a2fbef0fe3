import { upsertAccount } from '../ledger/account-row.ts';
import { isBehindJournal, journalsTellOf } from '../ledger/behind-journal.ts';
import type { JournalLine } from '../ledger/journal.ts';
import { sqliteFile } from '../ledger/open-ledger.ts';
import { adoptJournals, rebuildFromJournal, type Rebuilt } from '../ledger/rebuild-from-journal.ts';
import { verifyCounters, type CounterDifference } from '../ledger/verify-counters.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { storageRoot } from '../storage/storage-root.ts';
import { settingsOf } from './account-in-use.ts';
import type { Context } from './context.ts';
import { journalAccounts, rebuildCommand } from './journal-check.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';

/** A line of the journal that the ledger has nothing for. */
export interface MissingLine {
  readonly batch: string;
  readonly item: string;
  /** Number of the attempt within its item. */
  readonly attempt: number;
  readonly task_id: string | null;
  readonly at: string;
}

/** Exactly what `ledger verify --json` prints. */
export interface LedgerVerification {
  readonly schema_version: 1;
  readonly ledger: string;
  /** The ledger agrees with itself and with its journal. */
  readonly ok: boolean;
  /** Nothing is created until `ledger rebuild`. */
  readonly behind: boolean;
  readonly counters: readonly CounterDifference[];
  readonly journal: {
    /** Null: these outputs have no folder, so no journal. */
    readonly folder: string | null;
    /** At most 1,000 are named. */
    readonly missing_creates: readonly MissingLine[];
    readonly missing_tasks: readonly MissingLine[];
    /** Lines that are no entries: cut by a full disk, or damaged. */
    readonly unreadable: number;
  };
  /** What to do; empty when nothing is. */
  readonly next: string;
}

/** Recounts the ledger's counters and compares it with its journal. Writes nothing, and makes no ledger. */
export async function verifyLedger(ctx: Context): Promise<LedgerVerification> {
  const root = storageRoot(ctx.store());
  const accounts = journalAccounts(ctx);
  if (!ctx.ledgerExists()) {
    const lost = root !== null && (await journalsTellOf(root, accounts));
    return verification(ctx, {
      ledger: sqliteFile(ctx.ledgerUrl, ctx.baseDir),
      behind: lost,
      counters: [],
      journal: { folder: folderOf(root), missing_creates: [], missing_tasks: [], unreadable: 0 },
    });
  }
  const ledger = await ctx.ledger();
  // In a transaction, which sees one state while others write.
  const counters = await ledger.write((tx) => verifyCounters(tx));
  const found = root === null ? null : await isBehindJournal(ledger, root, accounts);
  return verification(ctx, {
    ledger: ledger.location,
    behind: found?.behind ?? false,
    counters,
    journal: {
      folder: folderOf(root),
      missing_creates: (found?.missingAttempts ?? []).map(missingLine),
      missing_tasks: (found?.missingBinds ?? []).map(missingLine),
      unreadable: found?.unreadable ?? 0,
    },
  });
}

function verification(
  ctx: Context,
  found: Pick<LedgerVerification, 'ledger' | 'behind' | 'counters' | 'journal'>,
): LedgerVerification {
  const { behind, counters, journal } = found;
  const next =
    behind || journal.missing_tasks.length > 0
      ? rebuildCommand(ctx.rehearsal)
      : counters.length > 0
        ? 'start nothing that spends, keep a copy of the ledger, and report it'
        : '';
  return { schema_version: 1, ...found, ok: next === '', next };
}

function folderOf(root: string | null): string | null {
  return root === null ? null : `${root}/.journal`;
}

function missingLine({ batch, item, n, task_id, at }: JournalLine): MissingLine {
  return { batch, item, attempt: n, task_id, at };
}

/** Exactly what `ledger rebuild --json` prints, with the counters that differ afterwards. */
export interface LedgerRebuild extends Rebuilt {
  readonly schema_version: 1;
  readonly ledger: string;
  readonly counters: readonly CounterDifference[];
}

/**
 * Enters what the journal knows and the ledger does not; makes the ledger where there is none. Costs nothing and asks no
 * vendor. What cannot be matched is uncertain. OperationError 2 (not confirmed; outputs without a folder), 8.
 */
export async function rebuildLedger(ctx: Context, go: { readonly yes: boolean }): Promise<LedgerRebuild> {
  const root = storageRoot(ctx.store());
  if (root === null)
    throw new OperationError(EXIT.usage, {
      message: `${ctx.store().place} has no journal to rebuild from`,
      charged: NOTHING_CHARGED,
      next: 'restore the ledger from its back-up',
    });
  if (!go.yes)
    throw new OperationError(EXIT.usage, {
      message: 'this writes into the ledger and was not confirmed',
      charged: NOTHING_CHARGED,
      next: 'add --yes',
    });
  const ledger = await ctx.ledger();
  const ledgers = await adoptJournals(ledger, root);
  await enterAccounts(ctx);
  const rebuilt = await rebuildFromJournal(ledger, root, ctx.operator, ledgers);
  const counters = await ledger.write((tx) => verifyCounters(tx));
  return { schema_version: 1, ledger: ledger.location, ...rebuilt, counters };
}

/** An account without a key counts too: what it paid for is told of, and is polled once it has one. */
async function enterAccounts(ctx: Context): Promise<void> {
  const ledger = await ctx.ledger();
  const known = new Set((await ledger.db.selectFrom('accounts').select('id').execute()).map(({ id }) => id));
  for (const { name, baseUrl } of journalAccounts(ctx)) {
    if (known.has(name)) continue;
    const config = ctx.accountConfig(name);
    await ledger.write((tx) => upsertAccount(tx, settingsOf(config, name, baseUrl, '')));
  }
}
