/** What only a person can move, each with the command that moves it. Shared by the report and `status`. */
import type { Report } from '../schemas/report.ts';
import type { GateName, ItemState } from '../schemas/states.ts';
import { totalsKeyOf, type HeldBy } from '../schemas/totals.ts';

export type NeedKind = 'uncertain' | 'paid-but-lost' | 'budget' | 'pick' | 'stalled' | 'failed' | `gate-${GateName}`;

export interface NeedsFacts {
  readonly batch: string;
  readonly items: readonly {
    readonly id: string;
    readonly state: ItemState;
    readonly heldBy: HeldBy | null;
    readonly reason: { readonly code: string } | null;
  }[];
  readonly gates: readonly { readonly name: GateName }[];
}

/** Most urgent first: money whose fate is unknown, money gone, money needed, then decisions, then repairs. */
export function needsYou({ batch, items, gates }: NeedsFacts): Report['needs_you'] {
  const kinds = Map.groupBy(items, kindOf);
  const need = (kind: NeedKind, command: (firstId: string) => string) => {
    const found = kinds.get(kind) ?? [];
    const [first] = found;
    return first === undefined ? [] : [{ kind, count: found.length, command: command(shellWord(first.id)) }];
  };
  const name = shellWord(batch);
  const open = items.filter((item) => !['done', 'failed', 'skipped', 'cancelled'].includes(item.state)).length;
  return [
    ...need('uncertain', (id) => `headswap resolve ${name} ${id}`),
    ...need('paid-but-lost', (id) => `headswap resume ${name} ${id}`),
    ...(open === 0 ? [] : gates.flatMap((gate) => gateNeed(gate.name, name, open))),
    ...need('budget', () => `headswap resume ${name} --budget N`),
    ...need('pick', () => `headswap picks export ${name}`),
    ...need('stalled', (id) => `headswap skip ${name} ${id}`),
    ...need('failed', () => `headswap resume ${name} --only failed --dry-run`),
  ];
}

function kindOf(item: NeedsFacts['items'][number]): NeedKind | null {
  if (item.state === 'uncertain') return 'uncertain';
  if (item.state === 'failed') return item.reason?.code === 'N102' ? 'paid-but-lost' : 'failed';
  if (totalsKeyOf(item.state, item.heldBy) !== 'waiting') return null;
  if (item.state === 'needs-pick') return 'pick';
  return item.heldBy === 'stalled' ? 'stalled' : 'budget';
}

function gateNeed(gate: GateName, batch: string, count: number): { kind: NeedKind; count: number; command: string }[] {
  switch (gate) {
    case 'credits':
    case 'disk':
    case 'authorisation':
    case 'plan':
    case 'unpaid':
      return [{ kind: `gate-${gate}`, count, command: `headswap doctor` }];
    case 'refused-alike':
    case 'tolerance':
    case 'pause':
    case 'stopped':
      return [{ kind: `gate-${gate}`, count, command: `headswap resume ${batch}` }];
    // These open by themselves, or their items are listed on their own.
    case 'vendor-unwell':
    case 'window':
    case 'uncertain':
    case 'budget':
    case 'cancelled':
      return [];
    default:
      return gate satisfies never;
  }
}

/** A word that a shell takes as it is; anything else in single quotes. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
