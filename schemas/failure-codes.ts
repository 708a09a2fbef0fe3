/**
 * Every code a person can meet outside manifests (those are in `manifest-codes.ts`): what it means, what it costs, what to
 * do. `explain CODE` prints an entry, docs/operations has a section for each, a test keeps both true.
 *
 * A account, C credits, P provider, N network, D disk, U uncertain, S system.
 */
export interface FailureCode {
  readonly title: string;
  readonly means: string;
  /** What was or was not charged. */
  readonly charged: string;
  readonly next: string;
}

const free = 'Nothing was charged for this.';

export const FAILURE_CODES = {
  A101: {
    title: 'key refused',
    means: 'The vendor refused the key or token (1101, 1102, 1109, or HTTP 401/403).',
    charged: free,
    next: 'Put a good key into AKOOL_API_KEY or headswap.yaml, check it with `headswap doctor`, then `headswap resume BATCH`.',
  },
  A102: {
    title: 'account blocked',
    means: 'The vendor says that the account is blocked (1200).',
    charged: free,
    next: 'Write to the vendor; then `headswap resume BATCH`.',
  },
  A103: {
    title: 'permission denied',
    means: 'The vendor denies this key the call (1009 on create, 1004).',
    charged: free,
    next: 'Check the rights of the key in the vendor console; then `headswap resume BATCH`.',
  },
  A104: {
    title: 'plan does not include this',
    means: 'The account or its plan does not support head swap (1003 with the account sentence, 1213, 1221).',
    charged: free,
    next: 'Change the plan at the vendor; then `headswap resume BATCH`.',
  },
  A105: {
    title: 'account unpaid',
    means: 'The vendor waits for a payment (1103).',
    charged: free,
    next: 'Pay at the vendor; then `headswap resume BATCH`.',
  },
  A106: {
    title: 'not the vendor API',
    means: 'The address answers, but does not know the route: base_url points at something else.',
    charged: free,
    next: 'Correct base_url in headswap.yaml (or AKOOL_BASE_URL), check with `headswap doctor`.',
  },
  A107: {
    title: 'address of the account changed',
    means: 'The ledger knows this account under another base_url; mixing them would hide what was paid.',
    charged: free,
    next: 'Use another account name, or another ledger, for the other address.',
  },
  A108: {
    title: 'no key',
    means: 'No key is configured for the account.',
    charged: free,
    next: 'Set AKOOL_API_KEY (or api_key_file in headswap.yaml), or rehearse for free with `--account emulator`.',
  },
  C101: {
    title: 'out of credits',
    means: 'The vendor refused a create for lack of credits (1104, 1006) and nothing of ours is about to settle.',
    charged: 'Nothing was charged for the refused create.',
    next: 'Top up; the batch goes on by itself within a minute.',
  },
  C102: {
    title: 'budget reached',
    means: 'The next create would pass the budget of the batch.',
    charged: 'What is shown as charged; nothing beyond the budget.',
    next: '`headswap resume BATCH --budget N` with a higher N.',
  },
  C103: {
    title: 'above the per-item budget',
    means: 'One task of this item is expected to cost more than budget.per_item allows.',
    charged: free,
    next: 'Raise budget.per_item in the manifest, or choose a lower resolution, then `headswap run` again.',
  },
  C104: {
    title: 'holds tie up the balance',
    means: 'The vendor locks more at create than it charges; the balance is free again when running tasks settle.',
    charged: free,
    next: 'Nothing: creates go on when tasks settle.',
  },
  P101: {
    title: 'throttled',
    means: 'The vendor asked for fewer calls (1005 or HTTP 429). The pace adapts; no item is touched.',
    charged: free,
    next: 'Nothing.',
  },
  P102: {
    title: 'vendor unwell',
    means:
      'Answers were lost or connections failed several times in a row; new spending waits until a free call is answered.',
    charged: free,
    next: 'Nothing: it goes on by itself when the vendor answers.',
  },
  P103: {
    title: 'create refused',
    means: 'The vendor refused the task for its content (parameter, face, length, format).',
    charged: 'A refused create is not charged.',
    next: 'Correct the row (the vendor text says what), then `headswap run` the manifest again, or `headswap resume BATCH ITEM`.',
  },
  P104: {
    title: 'processing error at create',
    means: 'The vendor answered 1015 three times: usually the video or where it is hosted.',
    charged: 'A refused create is not charged.',
    next: 'Check that the video URL opens without login and is H.264 MP4; then `headswap resume BATCH ITEM`.',
  },
  P105: {
    title: 'task failed',
    means: 'The paid task ended in failure at the vendor (status 4).',
    charged: 'What the vendor tells, see `charged`; ask for a refund with the task id if it is not 0.',
    next: '`headswap resume BATCH ITEM` creates (and pays) it once more.',
  },
  P106: {
    title: 'analysis failed',
    means: 'The vendor could not analyse the video (status 4).',
    charged: 'Analyses are not known to be charged.',
    next: 'Check the video (3 to 20 s, public URL), then `headswap resume BATCH ITEM`.',
  },
  P107: {
    title: 'analysis refused',
    means: 'The vendor refused to analyse the video.',
    charged: 'Analyses are not known to be charged.',
    next: 'Check the video URL, then `headswap resume BATCH ITEM`.',
  },
  P108: {
    title: 'creates refused alike',
    means: 'Creates were refused in a row for the same reason and none was accepted: something common to all is wrong.',
    charged: 'Refused creates are not charged.',
    next: 'Read the vendor text in `headswap status`, correct the cause, then `headswap resume BATCH`.',
  },
  P109: {
    title: 'stalled',
    means: 'The task takes longer than stalled_after. It is paid, still watched, and collected if it ends.',
    charged: 'Its hold or charge is counted.',
    next: 'Nothing, or ask the vendor with the task id; `headswap skip BATCH ITEM` closes the batch without it.',
  },
  P110: {
    title: 'analysis no longer known',
    means: 'The vendor has forgotten the analysis; the video is analysed again.',
    charged: free,
    next: 'Nothing.',
  },
  P112: {
    title: 'too many items failed',
    means: 'More items of the batch failed for causes of their own than `tolerate` allows; nothing more is created.',
    charged: 'What is shown as charged; paid tasks are still collected.',
    next: 'Look at the failed items (`headswap status BATCH --state failed`); `headswap resume BATCH` goes on past it once.',
  },
  P113: {
    title: 'outside of the production window',
    means: 'The account or the schedule has production windows, and none is open now. Paid tasks are still collected.',
    charged: free,
    next: 'Nothing: creates go on when the next window opens (`headswap status BATCH` says when).',
  },
  P201: {
    title: 'no person found',
    means: 'The analysis found nobody in the video.',
    charged: 'No task was created.',
    next: 'Use another video, or `headswap skip BATCH ITEM`.',
  },
  P202: {
    title: 'people differ',
    means: 'The number of people found is not what the swap rule expects.',
    charged: 'No task was created.',
    next: 'Name the people by number in the row (`0:ana 1:bo`), then `headswap run` the manifest again.',
  },
  P203: {
    title: 'no such person',
    means: 'The swap rule names a person the analysis did not find.',
    charged: 'No task was created.',
    next: 'Correct the numbers in the row, then `headswap run` the manifest again.',
  },
  P204: {
    title: 'analysis changed',
    means: 'The numbers were read from another analysis than the present one (`check` differs).',
    charged: 'No task was created.',
    next: 'Look at the present previews and correct row and `check`, then `headswap run` the manifest again.',
  },
  P205: {
    title: 'too many people',
    means: 'At most five people can be replaced in one task.',
    charged: 'No task was created.',
    next: 'Name up to five people by number, then `headswap run` the manifest again.',
  },
  P200: {
    title: 'waits for a pick',
    means: 'The row says `pick`: a person decides who gets which face.',
    charged: 'No task was created.',
    next: '`headswap picks export BATCH` shows its people; `headswap picks apply BATCH` takes the decision in.',
  },
  N101: {
    title: 'not reached',
    means: 'The connection to the vendor could not be opened; nothing was sent.',
    charged: free,
    next: 'Nothing: it is tried again. `headswap doctor` checks the way.',
  },
  N102: {
    title: 'paid but lost',
    means: 'The output link is gone (403, 404 or 410 for ten minutes, re-read each time).',
    charged: 'The task was charged.',
    next: 'Ask the vendor with the task id for the file or a refund; `headswap resume BATCH ITEM` pays for it again.',
  },
  N103: {
    title: 'download failed',
    means: 'The output could not be fetched; it is tried again.',
    charged: 'The task was charged; fetching costs nothing.',
    next: 'Nothing, or `headswap fetch BATCH --missing`.',
  },
  D101: {
    title: 'disk full',
    means: 'The output store could not hold what is in flight; creates wait, polling goes on.',
    charged: free,
    next: 'Free space; it goes on by itself.',
  },
  D102: {
    title: 'output is no video',
    means: 'What the link gave is not a whole video file; it is fetched again.',
    charged: 'The task was charged; fetching costs nothing.',
    next: 'Nothing, or ask the vendor with the task id.',
  },
  D103: {
    title: 'output file exists',
    means: 'A file of other content lies where the output belongs; outputs are never overwritten.',
    charged: 'The task was charged; the output is still at the vendor.',
    next: 'Move that file away, then `headswap fetch BATCH --missing`.',
  },
  D104: {
    title: 'reused output gone',
    means: 'The same work was paid before, but its file is gone or changed and its link is dead.',
    charged: 'Nothing new was charged.',
    next: '`headswap resume BATCH ITEM` pays for it again.',
  },
  D105: {
    title: 'store not writable',
    means: 'The output store refuses to be written.',
    charged: free,
    next: 'Check the rights of the folder in `storage`; it goes on by itself.',
  },
  U101: {
    title: 'answer lost',
    means: 'A create was sent and its answer was lost: the task may or may not exist. It is not sent again.',
    charged: 'Perhaps its price; the hold is counted until it is settled.',
    next: 'Look into the vendor console, then `headswap resolve BATCH ITEM --task-id ID`, `--not-created` or `--pay-again`.',
  },
  U102: {
    title: 'process died while sending',
    means: 'The process that was sending a create died: the task may or may not exist. It is not sent again.',
    charged: 'Perhaps its price; the hold is counted until it is settled.',
    next: 'Look into the vendor console, then `headswap resolve BATCH ITEM --task-id ID`, `--not-created` or `--pay-again`.',
  },
  U103: {
    title: 'too many uncertain',
    means: 'max_uncertain creates are unsettled; new spending waits.',
    charged: free,
    next: 'Settle one with `headswap resolve`.',
  },
  U104: {
    title: 'settled by hand',
    means: 'A person said that the task was not created.',
    charged: 'Nothing as far as known; a task that appears later is recorded.',
    next: '`headswap resume BATCH ITEM` creates it again.',
  },
  S101: {
    title: 'engine unreachable',
    means: 'The Temporal server could not be reached or started.',
    charged: free,
    next: '`headswap doctor` says why.',
  },
  S102: {
    title: 'ledger unreachable',
    means: 'The ledger could not be opened. Without it nothing is created.',
    charged: free,
    next: 'Check the ledger setting; `headswap doctor`.',
  },
  S103: {
    title: 'held by another',
    means: 'Another engine or operator drives this batch.',
    charged: free,
    next: 'Wait for it, or stop it there.',
  },
  S104: {
    title: 'no worker',
    means: 'No worker polls the queues of this ledger.',
    charged: free,
    next: 'Start `headswap worker` (or `headswap up`).',
  },
  S105: {
    title: 'unexpected error',
    means: 'A fault of this program.',
    charged: 'What the ledger shows; nothing is lost by it.',
    next: 'Run the same command again; report it with the log if it stays.',
  },
  S106: {
    title: 'ledger behind its journal',
    means:
      'The journal beside the outputs tells of creates that the ledger does not know: it was lost, or restored from an older copy.',
    charged: 'Nothing new; what the journal tells of may have been.',
    next: '`headswap ledger rebuild`, then run again.',
  },
  S201: {
    title: 'cancelled',
    means: 'The batch was cancelled before this item was created.',
    charged: free,
    next: '`headswap resume BATCH --only cancelled` takes it up again.',
  },
  S202: {
    title: 'skipped by hand',
    means: 'An operator gave the item up.',
    charged: 'What is shown as charged.',
    next: '`headswap resume BATCH ITEM` takes it up again.',
  },
  S203: {
    title: 'skipped by the manifest',
    means: 'The row says `skip`, or keeps everybody.',
    charged: free,
    next: 'Nothing.',
  },
} as const satisfies Record<string, FailureCode>;

export type FailureCodeName = keyof typeof FAILURE_CODES;

/** The reason columns of a code: title and cure with the batch and item filled in. */
export function reasonOf(
  code: FailureCodeName,
  where: { readonly batch: string; readonly item: string },
  more: { readonly message?: string; readonly vendor?: string | null } = {},
): { code: string; message: string; vendor: string | null; next: string } {
  const entry: FailureCode = FAILURE_CODES[code];
  return {
    code,
    message: more.message ?? entry.title,
    vendor: more.vendor ?? null,
    next: entry.next.replaceAll('BATCH', where.batch).replaceAll('ITEM', where.item),
  };
}
