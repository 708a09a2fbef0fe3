import type { ItemState } from '../schemas/states.ts';

/** An item as `resume` weighs it. */
export interface JudgedItem {
  readonly id: string;
  readonly state: ItemState;
  readonly reasonCode: string | null;
  readonly reasonMessage: string | null;
  readonly stalled: boolean;
  /** Left behind when others of its batch were resumed by name. */
  readonly resting: boolean;
  /** It was named, by id or glob. */
  readonly named: boolean;
  /** Its attempt is paid and at the vendor, or its output can still be collected. */
  readonly paidFor: boolean;
  readonly paid: boolean;
}

/**
 * - `retry`: starts anew and is paid (again); `reanalyse` when its video is analysed anew first.
 * - `collect`: its paid output is fetched again. `rejoin`: given up, but paid: followed again.
 * - `goes-on`: not finished, taken further where it was. `spends` tells whether a create is still before it.
 * - `rests`: not finished and not asked for: stays where it is, since its batch was held.
 * - `no`: will not run again.
 */
export type Judgement =
  | { readonly kind: 'retry'; readonly why: string; readonly reanalyse: boolean; readonly salted: boolean }
  | { readonly kind: 'collect' | 'rejoin'; readonly why: string }
  | { readonly kind: 'goes-on'; readonly why: string; readonly spends: boolean }
  | { readonly kind: 'rests' | 'no'; readonly why: string };

export interface JudgeRules {
  readonly batch: string;
  /** `--again`: also what is done, and what a decision about people stopped. */
  readonly again: boolean;
  /** `--only`: states asked for; null: all but skipped and cancelled ones. */
  readonly only: readonly ItemState[] | null;
  /** Items were named: the others are not meant. */
  readonly someNamed: boolean;
  /** Nothing of the batch is created before this resume. */
  readonly batchHeld: boolean;
}

/** Whether an item runs again in the next round, and why. Pure. */
export function judgeItem(item: JudgedItem, rules: JudgeRules): Judgement {
  const others = notMeant(item, rules);
  if (others !== null) return others;
  const asked = item.named || rules.only !== null;
  switch (item.state) {
    case 'done':
      if (rules.again && asked)
        return { kind: 'retry', why: 'done; asked for again, will be paid again', reanalyse: false, salted: true };
      return no(rules.again ? 'done; name it to pay for it again' : 'done');
    case 'failed':
      return judgeFailed(item, rules);
    case 'skipped':
      if (item.reasonCode === 'S203') return no('the manifest says skip');
      if (!asked) return no(`skipped; headswap resume ${rules.batch} ${item.id} takes it up`);
      return item.paidFor
        ? { kind: 'rejoin', why: 'skipped, but paid: followed and collected' }
        : retry('skipped; taken up again');
    case 'cancelled':
      if (item.reasonCode === 'M-removed')
        return no('its row was removed from the manifest: put it back and run the manifest');
      return asked
        ? retry('cancelled; taken up again')
        : no(`cancelled; headswap resume ${rules.batch} --only cancelled takes it up`);
    case 'uncertain':
      return no(`uncertain: headswap resolve ${rules.batch} ${item.id} settles it first`);
    case 'needs-pick':
      return no(`waits for a pick: headswap picks export ${rules.batch} shows its people`);
    case 'pending':
    case 'analyzing':
    case 'ready':
      return { kind: 'goes-on', why: 'not created yet', spends: true };
    case 'submitting':
      return { kind: 'goes-on', why: 'claimed or being sent', spends: true };
    case 'queued':
    case 'processing':
      return {
        kind: 'goes-on',
        why: item.stalled ? 'stalled, paid: still watched' : 'paid, at the vendor',
        spends: false,
      };
    case 'collecting':
      return { kind: 'goes-on', why: 'paid, its output is being collected', spends: false };
    default:
      return item.state satisfies never;
  }
}

/** What becomes of an item that was neither named nor in one of the states asked for; null: it is meant. */
function notMeant(item: JudgedItem, rules: JudgeRules): Judgement | null {
  const left = rules.someNamed && !item.named;
  if (!left && (rules.only === null || rules.only.includes(item.state))) return null;
  const why = left ? 'not named' : 'not asked for (--only)';
  switch (item.state) {
    case 'pending':
    case 'analyzing':
    case 'ready':
      return rules.batchHeld || item.resting
        ? { kind: 'rests', why: `${why}: stays held until headswap resume ${rules.batch}` }
        : { kind: 'goes-on', why: `${why}, but its batch runs`, spends: false };
    case 'submitting':
    case 'queued':
    case 'processing':
    case 'collecting':
      return { kind: 'goes-on', why: 'paid or being sent: followed and collected', spends: false };
    case 'needs-pick':
    case 'uncertain':
    case 'done':
    case 'failed':
    case 'skipped':
    case 'cancelled':
      return no(why);
    default:
      return item.state satisfies never;
  }
}

function judgeFailed(item: JudgedItem, { again }: JudgeRules): Judgement {
  const code = item.reasonCode ?? '';
  const because = item.reasonMessage ?? code;
  if (code === 'C103') return no('above budget.per_item: raise it in the manifest and run that');
  if (code.startsWith('M')) return no(`its row has an error (${code}): correct it and run the manifest`);
  if (/^P20[0-6]$/u.test(code)) {
    return again
      ? { kind: 'retry', why: `${because}; the video is analysed anew`, reanalyse: true, salted: false }
      : no(`${because}: change the video or the rule, or add --again to analyse it anew`);
  }
  if (code === 'P106' || code === 'P107' || code === 'P110')
    return { kind: 'retry', why: `${because}; analysed again`, reanalyse: true, salted: false };
  if ((code === 'D102' || code === 'D103' || code === 'N103') && item.paidFor)
    return { kind: 'collect', why: `${because}; already paid, collected again` };
  return retry(item.paid ? `${because}; was paid, will be paid again` : because);
}

function retry(why: string): Judgement {
  return { kind: 'retry', why, reanalyse: false, salted: false };
}

function no(why: string): Judgement {
  return { kind: 'no', why };
}
