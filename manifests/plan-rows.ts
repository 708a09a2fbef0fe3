import type { BadRow, ManifestItem, Resolution } from '../schemas/manifest-item.ts';
import type { ItemState } from '../schemas/states.ts';

/** A row of the batch as the ledger has it. */
export interface ExistingRow {
  readonly id: string;
  readonly state: ItemState;
  readonly ruleKey: string;
  readonly salt: string | null;
  readonly version: number;
  readonly reasonCode: string | null;
  /** A task of it was, or may have been, charged. */
  readonly paid: boolean;
  /** An output was collected under its name. */
  readonly collected: boolean;
  /** That output is in the store now. */
  readonly outputThere: boolean;
  readonly attempt: number | null;
}

/** Work of the same rule key that is done, with its output in the store. */
export interface DoneWork {
  readonly attempt: number;
  readonly batch: string;
  readonly item: string;
  readonly mappings: string;
  readonly workKey: string;
  readonly peopleFound: number | null;
  readonly analysis: number | null;
}

/** What the ledger knows about the rule keys of a manifest, in all batches of the account. */
export interface KnownWork {
  readonly done: ReadonlyMap<string, DoneWork>;
  /** Done once, but no output of it is left: the attempts concerned. */
  readonly gone: ReadonlyMap<string, readonly number[]>;
  /** Under way: whoever claims it later follows it. Text for people: `batch/item`. */
  readonly live: ReadonlyMap<string, string>;
  /** Items decided by eye on the present analysis of their video, and what for: these rows wait for nobody. */
  readonly decided?: ReadonlyMap<string, { readonly rule: string; readonly video: string }>;
}

export interface CreditRange {
  readonly low: number;
  readonly high: number;
}

export interface PlanRules {
  readonly ruleKeyOf: (item: ManifestItem) => string;
  /** Null: nothing is known about the price. */
  readonly priceOf: (resolution: Resolution) => CreditRange | null;
  /** `--again`: the salt that makes the same work another one on purpose. */
  readonly againSalt: string | null;
  /** `--first`: rows beyond are left for later. */
  readonly first: number | null;
  /** `budget.per_item`. */
  readonly perItem: number | null;
}

/**
 * `run` new or changed work · `reuse` done or under way elsewhere · `pick` waits for a person · `repay` was paid and will be paid
 * again · `bad` ends failed without a task · `skip` said so · `done` · `in_flight` being made and followed · `ended` failed,
 * skipped or cancelled and unchanged, which only `resume` takes up · `removed` vanished · `later` beyond `--first`.
 */
export const PLAN_ACTIONS = [
  'run',
  'reuse',
  'pick',
  'repay',
  'bad',
  'skip',
  'done',
  'in_flight',
  'ended',
  'removed',
  'later',
] as const;
export type PlanAction = (typeof PLAN_ACTIONS)[number];

export type PlannedEntry =
  | {
      readonly kind: 'start';
      readonly item: ManifestItem;
      readonly salt: string | null;
      readonly version: number;
      readonly state: 'pending' | 'skipped';
    }
  | { readonly kind: 'reuse'; readonly item: ManifestItem; readonly work: DoneWork; readonly version: number }
  | { readonly kind: 'keep'; readonly item: ManifestItem }
  | { readonly kind: 'bad'; readonly bad: BadRow }
  | { readonly kind: 'remove'; readonly id: string };

export interface PlannedRow {
  readonly id: string;
  readonly action: PlanAction;
  readonly why: string;
  /** What it will cost from here; null when unknown. */
  readonly credits: CreditRange | null;
  /** What the ledger is told; null: nothing. */
  readonly entry: PlannedEntry | null;
  /** Attempts whose output is gone: they no longer stand for their work. */
  readonly forget: readonly number[];
}

const FREE: CreditRange = { low: 0, high: 0 };
const IN_FLIGHT: readonly ItemState[] = ['submitting', 'uncertain', 'queued', 'processing', 'collecting'];

/**
 * Compares a manifest with what the ledger knows and says, row by row, what running it means (contract section 6, Identity).
 * In the order of the sheet, then the rows that vanished. Pure.
 */
export function planRows(
  manifest: { readonly items: readonly ManifestItem[]; readonly bad: readonly BadRow[] },
  existing: ReadonlyMap<string, ExistingRow>,
  known: KnownWork,
  rules: PlanRules,
): PlannedRow[] {
  const againSalt = saltInProgress(existing, rules);
  const seen = new Set<string>();
  let taken = 0;
  const rows = inSheetOrder(manifest).map((row): PlannedRow => {
    seen.add(row.id);
    const before = existing.get(row.id) ?? null;
    if (!('video' in row)) return planBadRow(row, before);
    taken += 1;
    const beyond = rules.first !== null && taken > rules.first;
    const planned = planItem(row, before, known, { ...rules, againSalt });
    const starts = planned.entry !== null && planned.entry.kind !== 'keep';
    return beyond && starts
      ? { ...planned, action: 'later', why: `beyond --first ${rules.first}`, credits: FREE, entry: null, forget: [] }
      : planned;
  });
  for (const row of existing.values()) if (!seen.has(row.id)) rows.push(planVanished(row));
  return rows;
}

/** Items and bad rows as they stand in their files; an item's place is its first line. */
function inSheetOrder(manifest: {
  readonly items: readonly ManifestItem[];
  readonly bad: readonly BadRow[];
}): (ManifestItem | BadRow)[] {
  const waiting = Map.groupBy(
    manifest.bad.toSorted((a, b) => a.line - b.line),
    (bad) => bad.file,
  );
  const ordered: (ManifestItem | BadRow)[] = [];
  for (const item of manifest.items) {
    const queue = waiting.get(item.file);
    while (queue?.[0] !== undefined && queue[0].line < item.line) ordered.push(queue.shift() as BadRow);
    ordered.push(item);
  }
  for (const queue of waiting.values()) ordered.push(...queue);
  return ordered;
}

/**
 * An `--again` that was interrupted goes on where it was: while rows of it are open, those done under its salt are done, and
 * no new salt is made. Otherwise running the same command twice would pay a third time.
 */
function saltInProgress(existing: ReadonlyMap<string, ExistingRow>, rules: PlanRules): string | null {
  if (rules.againSalt === null) return null;
  for (const row of existing.values()) {
    const ended = ['done', 'failed', 'skipped', 'cancelled'].includes(row.state);
    if (!ended && row.salt !== null) return row.salt;
  }
  return rules.againSalt;
}

function planBadRow(bad: BadRow, before: ExistingRow | null): PlannedRow {
  const base = { id: bad.id, credits: FREE, forget: [] };
  if (before !== null && (before.paid || before.collected || IN_FLIGHT.includes(before.state))) {
    return {
      ...base,
      action: IN_FLIGHT.includes(before.state) ? 'in_flight' : 'bad',
      why: `${bad.code}: ${bad.message}; what was paid for it stays`,
      entry: null,
    };
  }
  return { ...base, action: 'bad', why: `${bad.code}: ${bad.message}`, entry: { kind: 'bad', bad } };
}

function planVanished(row: ExistingRow): PlannedRow {
  const base = { id: row.id, credits: FREE, forget: [] };
  const open = ['pending', 'analyzing', 'needs-pick', 'ready'].includes(row.state);
  if (open && !row.paid)
    return {
      ...base,
      action: 'removed',
      why: 'no longer in the manifest and not paid: ends cancelled (M-removed)',
      entry: { kind: 'remove', id: row.id },
    };
  if (IN_FLIGHT.includes(row.state))
    return {
      ...base,
      action: 'in_flight',
      why: 'no longer in the manifest, but its task is under way: it is still collected',
      entry: null,
    };
  return {
    ...base,
    action: row.state === 'done' ? 'done' : 'ended',
    why: 'no longer in the manifest; it stays as it ended',
    entry: null,
  };
}

function planItem(item: ManifestItem, before: ExistingRow | null, known: KnownWork, rules: PlanRules): PlannedRow {
  const key = rules.ruleKeyOf(item);
  if (before === null) return planStart(item, key, known, rules, { version: 1, was: null });
  const changed = before.ruleKey !== key;
  if (IN_FLIGHT.includes(before.state)) return keep(item, 'in_flight', inFlightWhy(before.state, changed));
  if (changed || before.reasonCode === 'M-removed') {
    const was =
      before.reasonCode === 'M-removed' && !changed
        ? 'the row is back'
        : before.ruleKey === ''
          ? 'corrected'
          : 'changed since last time';
    return planStart(item, key, known, rules, { version: nextVersion(before), was: { why: was, paid: before.paid } });
  }
  switch (before.state) {
    case 'done':
      return planDone(item, key, before, known, rules);
    case 'failed':
      if (before.reasonCode?.startsWith('M') === true)
        return planStart(item, key, known, rules, {
          version: nextVersion(before),
          was: { why: 'corrected', paid: before.paid },
        });
      return keep(
        item,
        'ended',
        `ended failed${before.reasonCode === null ? '' : ` (${before.reasonCode})`} and unchanged: \`headswap resume\` tries it again`,
      );
    case 'skipped':
      if (item.swap.kind === 'skip') return keep(item, 'skip', 'the manifest says skip');
      return keep(item, 'ended', 'was skipped and is unchanged: `headswap resume` takes it up');
    case 'cancelled':
      return keep(item, 'ended', 'was cancelled and is unchanged: `headswap resume --only cancelled` takes it up');
    case 'needs-pick':
      return keep(item, 'pick', 'waits for a decision by eye');
    case 'pending':
    case 'analyzing':
    case 'ready':
      return goOn(item, before.state, key, known, rules);
    default:
      return keep(item, 'in_flight', inFlightWhy(before.state, false));
  }
}

function planDone(
  item: ManifestItem,
  key: string,
  before: ExistingRow,
  known: KnownWork,
  rules: PlanRules,
): PlannedRow {
  const again = rules.againSalt !== null && before.salt !== rules.againSalt;
  if (again)
    return planStart(item, key, known, rules, { version: nextVersion(before), was: { why: 'done', paid: true } });
  if (before.outputThere) return keep(item, 'done', 'done');
  const was = { why: 'output gone', paid: true };
  const planned = planStart(item, key, known, rules, { version: nextVersion(before), was });
  return before.attempt === null
    ? planned
    : { ...planned, forget: planned.entry?.kind === 'reuse' ? [] : [...planned.forget, before.attempt] };
}

/** A row that starts (or starts anew): reused where the same work is done, else run. */
function planStart(
  item: ManifestItem,
  key: string,
  known: KnownWork,
  rules: PlanRules,
  how: { readonly version: number; readonly was: { readonly why: string; readonly paid: boolean } | null },
): PlannedRow {
  const base = { id: item.id, forget: [] as readonly number[] };
  const start = { kind: 'start', item, salt: rules.againSalt, version: how.version } as const;
  if (item.swap.kind === 'skip')
    return {
      ...base,
      action: 'skip',
      why: 'the manifest says skip',
      credits: FREE,
      entry: { ...start, salt: null, state: 'skipped' },
    };
  const decided = isDecided(item, known);
  if (item.swap.kind === 'pick' && !decided) {
    return {
      ...base,
      action: 'pick',
      why: 'analysed, then waits for a decision by eye; no task is created',
      credits: FREE,
      entry: { ...start, state: 'pending' },
    };
  }
  const entry = { ...start, state: 'pending' } as const;
  const price = rules.priceOf(item.settings.resolution);
  if (price !== null && rules.perItem !== null && price.high > rules.perItem) {
    return {
      ...base,
      action: 'bad',
      why: `expected to cost ${price.high} credits, above budget.per_item ${rules.perItem} (C103): ends failed, nothing is created`,
      credits: FREE,
      entry,
    };
  }
  const done = known.done.get(key);
  // The rule key of a pick does not say who gets which face: whether that work is done shows when it is claimed.
  if (rules.againSalt === null && item.swap.kind !== 'pick') {
    if (done !== undefined)
      return {
        ...base,
        action: 'reuse',
        why: `${prefix(how.was)}the same work is done (${done.batch}/${done.item})`,
        credits: FREE,
        entry: { kind: 'reuse', item, work: done, version: how.version },
      };
    const live = known.live.get(key);
    if (live !== undefined)
      return {
        ...base,
        action: 'reuse',
        why: `${prefix(how.was)}the same work is under way (${live}) and will be followed`,
        credits: FREE,
        entry,
      };
    const gone = known.gone.get(key);
    if (gone !== undefined)
      return { ...base, action: 'repay', why: 'output gone, will be paid again', credits: price, entry, forget: gone };
  } else if (done !== undefined && item.swap.kind !== 'pick') {
    return {
      ...base,
      action: 'repay',
      why: `--again: done (${done.batch}/${done.item}), will be paid again`,
      credits: price,
      entry,
    };
  }
  if (how.was?.paid === true)
    return { ...base, action: 'repay', why: `${how.was.why}, will be paid again`, credits: price, entry };
  return { ...base, action: 'run', why: how.was?.why ?? 'new', credits: price, entry };
}

/** An unchanged row that nothing was paid for yet. */
function goOn(item: ManifestItem, state: ItemState, key: string, known: KnownWork, rules: PlanRules): PlannedRow {
  if (item.swap.kind === 'pick') {
    if (state !== 'ready' && !isDecided(item, known)) return keep(item, 'pick', 'waits for a decision by eye');
    return { ...keep(item, 'run', 'decided by eye; goes on'), credits: rules.priceOf(item.settings.resolution) };
  }
  const live = known.live.get(key);
  if (live !== undefined) return keep(item, 'reuse', `the same work is under way (${live}) and will be followed`);
  return { ...keep(item, 'run', 'goes on where it was'), credits: rules.priceOf(item.settings.resolution) };
}

function isDecided(item: ManifestItem, known: KnownWork): boolean {
  const decision = known.decided?.get(item.id);
  return decision !== undefined && decision.rule === item.rule && decision.video === item.video;
}

function keep(item: ManifestItem, action: PlanAction, why: string): PlannedRow {
  return { id: item.id, action, why, credits: FREE, entry: { kind: 'keep', item }, forget: [] };
}

/** An output is never overwritten: what follows a collected one gets a name of its own. */
function nextVersion(before: ExistingRow): number {
  return before.collected ? before.version + 1 : before.version;
}

function prefix(was: { readonly why: string } | null): string {
  return was === null ? '' : `${was.why}; `;
}

function inFlightWhy(state: ItemState, changed: boolean): string {
  const what =
    state === 'uncertain'
      ? 'uncertain: settle it with `headswap resolve`'
      : state === 'collecting'
        ? 'its output is being collected'
        : 'its task is under way';
  return changed ? `changed, but ${what}; run the manifest again when it has ended` : what;
}
