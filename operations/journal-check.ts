import { isBehindJournal, journalsTellOf, type JournalAccount } from '../ledger/behind-journal.ts';
import { bindFromJournal } from '../ledger/rebuild-from-journal.ts';
import { EMULATOR_ACCOUNT } from '../schemas/config.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { openStore } from '../storage/open-store.ts';
import { storageRoot } from '../storage/storage-root.ts';
import type { Context } from './context.ts';
import { EMULATOR_BASE_URL } from './emulator-account.ts';
import { OperationError } from './operation-error.ts';
import type { WorkerStart } from './starters.ts';

/** What of the journals may concern this ledger: another account's, or another address's, is no work of ours. */
export function journalAccounts(ctx: Pick<Context, 'rehearsal' | 'config'>): JournalAccount[] {
  if (ctx.rehearsal) return [{ name: EMULATOR_ACCOUNT, baseUrl: EMULATOR_BASE_URL }];
  return Object.values(ctx.config.accounts).map(({ name, baseUrl }) => ({ name, baseUrl }));
}

/** Why nothing may be created until `ledger rebuild`, in one sentence; null when the ledger knows all its journal does. */
export async function behindJournal(ctx: Context): Promise<string | null> {
  const root = storageRoot(ctx.store());
  if (root === null) return null;
  const accounts = journalAccounts(ctx);
  if (!ctx.ledgerExists()) return (await journalsTellOf(root, accounts)) ? lostText(root) : null;
  const { behind, missingAttempts } = await isBehindJournal(await ctx.ledger(), root, accounts);
  return behind ? behindText(missingAttempts.length, root) : null;
}

/** Before anything is asked or entered. OperationError exit 8, S106. */
export async function refuseBehind(ctx: Context): Promise<void> {
  const why = await behindJournal(ctx);
  if (why !== null) throw refusal(why, ctx.rehearsal);
}

/**
 * On every start of a worker: one whose ledger is behind its journal does not start (OperationError exit 8, S106). A task id
 * that the journal alone knows, because its process died before the ledger had it, is bound.
 */
export async function catchUpWithJournal(start: WorkerStart): Promise<void> {
  const opened = openStore(start.config.storage, start.baseDir);
  const root = opened.kind === 'refused' ? null : storageRoot(opened.store);
  if (root === null) return;
  const accounts = start.accounts.map(({ settings: { name, baseUrl } }) => ({ name, baseUrl }));
  const { behind, missingAttempts, missingBinds } = await isBehindJournal(start.ledger, root, accounts);
  if (behind)
    throw refusal(
      behindText(missingAttempts.length, root),
      accounts.every(({ baseUrl }) => baseUrl === EMULATOR_BASE_URL),
    );
  await bindFromJournal(start.ledger, missingBinds);
}

function lostText(root: string): string {
  return `there is no ledger, but the journal under ${root} tells of paid tasks: the ledger was lost or moved`;
}

function behindText(missing: number, root: string): string {
  const creates = missing === 1 ? 'a create' : `${missing} creates`;
  return `the journal under ${root} tells of ${creates} that the ledger does not know: it was lost, or restored from an older copy`;
}

function refusal(message: string, rehearsal: boolean): OperationError {
  return new OperationError(EXIT.unreachable, {
    code: 'S106',
    message: `${message}; nothing is created until it is rebuilt`,
    charged: 'Nothing was charged now; what the journal tells of may have been.',
    next: rebuildCommand(rehearsal),
  });
}

/** What to type. */
export function rebuildCommand(rehearsal: boolean): string {
  return `headswap ledger rebuild${rehearsal ? ' --account emulator' : ''}`;
}
