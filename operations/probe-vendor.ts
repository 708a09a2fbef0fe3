import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../akool/outcome.ts';
import { EXIT, type ExitCode } from '../schemas/exit-codes.ts';
import { FAILURE_CODES, type FailureCodeName } from '../schemas/failure-codes.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import type { AccountInUse } from './starters.ts';

/** The vendor may be away this long before the first write; after that it is exit 8 (contract section 4). */
const UNREACHABLE_AFTER_MS = 30_000;
const TRY_EVERY_MS = 2_000;

/**
 * The account's balance, which is the free probe of key, address and reachability. Resolves null when the vendor answers but
 * asks for patience. OperationError 4 (key, account), 7 (unpaid), 8 (not reached for `patienceMs`), 130 (aborted).
 */
export async function probeVendor(
  account: AccountInUse,
  options: { readonly signal?: AbortSignal; readonly patienceMs?: number } = {},
): Promise<number | null> {
  const { signal, patienceMs = UNREACHABLE_AFTER_MS } = options;
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const outcome = await account.client.balance(signal === undefined ? {} : { signal });
    if (signal?.aborted === true) throw interrupted();
    if (outcome.kind === 'ok') return outcome.value;
    const error = refusalOf(account, outcome);
    if (error !== null) throw error;
    if (outcome.kind === 'refused') return null;
    if (performance.now() + TRY_EVERY_MS > deadline) throw notReached(account, outcome.message, patienceMs);
    await sleep(TRY_EVERY_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

/** What a refused probe means for whoever wants to spend; null when waiting or trying again helps. Pure. */
export function refusalOf(
  account: Pick<AccountInUse, 'settings'>,
  outcome: Exclude<Outcome<number>, { kind: 'ok' }>,
): OperationError | null {
  const { consequence, code, message } = outcome;
  const said = code === null ? message : `the vendor said ${code}: ${message}`;
  const refused = (exit: ExitCode, name: FailureCodeName) =>
    new OperationError(exit, {
      code: name,
      message: `account "${account.settings.name}": ${FAILURE_CODES[name].title} (${said})`,
      charged: NOTHING_CHARGED,
      next: FAILURE_CODES[name].next.replaceAll('BATCH', 'the batch'),
    });
  if (consequence.kind === 'misconfigured') return refused(EXIT.account, 'A106');
  if (consequence.kind !== 'gate') return null;
  switch (consequence.gate) {
    case 'authorisation':
      return refused(EXIT.account, code === 1200 ? 'A102' : 'A101');
    case 'plan':
      return refused(EXIT.account, 'A104');
    case 'unpaid':
      return refused(EXIT.money, 'A105');
    case 'credits':
      return null;
    default:
      return consequence.gate satisfies never;
  }
}

function notReached(account: AccountInUse, message: string, patienceMs: number): OperationError {
  return new OperationError(EXIT.unreachable, {
    code: 'N101',
    message: `the vendor of account "${account.settings.name}" was not reached for ${Math.round(patienceMs / 1000)} s (${message}); nothing was started`,
    charged: NOTHING_CHARGED,
    next: '`headswap doctor` checks the way; then run the same command again',
  });
}

export function interrupted(): OperationError {
  return new OperationError(EXIT.interrupted, {
    message: 'interrupted before anything was started',
    charged: NOTHING_CHARGED,
    next: 'run the same command again',
  });
}
