import type { Face, SwapRule } from '../schemas/manifest-item.ts';
import type { ItemFact, ReportFacts } from './report-facts.ts';

const URL = /\bhttps?:\/\/[^\s"'<>)]+/giu;
const REMOVED = '(removed)';

/**
 * The same facts without faces and source URLs, for a hand-over: names become `face-1`, `face-2` in the order of their use,
 * pictures and links go. Consents, money, states, notes and `x_*` stay. Pure.
 */
export function redactFacts(facts: ReportFacts): ReportFacts {
  const alias = new Map<string, string>();
  const aliasOf = (face: Pick<Face, 'name'>): string => {
    const key = face.name.toLowerCase();
    const known = alias.get(key) ?? `face-${alias.size + 1}`;
    alias.set(key, known);
    return known;
  };
  const hidden = <F extends Face>(face: F): F => ({ ...face, name: aliasOf(face), url: aliasOf(face) });
  const items = facts.items.map((item): ItemFact => {
    const swap = item.swap === null ? null : redactRule(item.swap, hidden);
    return {
      ...item,
      video: '',
      swap,
      rule: swap === null ? '' : ruleText(swap),
      cells: null,
      mappings: item.mappings.map((mapping) => ({ ...mapping, face: aliasOf({ name: mapping.face }), url: '' })),
      people: item.people === null ? null : item.people.map(({ objId }) => ({ objId, previewUrl: null })),
    };
  });
  const names = [...alias.keys()].toSorted((a, b) => b.length - a.length);
  const clean = (text: string): string => {
    let cleaned = text.replaceAll(URL, REMOVED);
    for (const name of names) cleaned = cleaned.replaceAll(wordOf(name), alias.get(name) ?? REMOVED);
    return cleaned;
  };
  return {
    ...facts,
    items: items.map((item) =>
      item.reason === null
        ? item
        : {
            ...item,
            reason: {
              ...item.reason,
              message: clean(item.reason.message),
              vendor: item.reason.vendor === null ? null : clean(item.reason.vendor),
              next: item.reason.next === null ? null : clean(item.reason.next),
            },
          },
    ),
    tasks: facts.tasks.map((task) => ({ ...task, url: null })),
    outputs: facts.outputs.map((output) => ({ ...output, url: null })),
    events: facts.events.map((event) => ({ ...event, detail: clean(event.detail) })),
    pictures: new Map(),
  };
}

function redactRule(rule: SwapRule, hidden: (face: Face) => Face): SwapRule {
  switch (rule.kind) {
    case 'only':
    case 'all':
      return { ...rule, face: hidden(rule.face) };
    case 'by-number':
      return {
        ...rule,
        people: rule.people.map(({ objId, face }) => ({ objId, face: face === null ? null : hidden(face) })),
      };
    case 'pick':
    case 'skip':
      return rule;
    default:
      return rule satisfies never;
  }
}

function ruleText(rule: SwapRule): string {
  switch (rule.kind) {
    case 'only':
      return rule.face.name;
    case 'all':
      return `all:${rule.face.name}`;
    case 'by-number':
      return rule.people.map(({ objId, face }) => `${objId}:${face?.name ?? 'keep'}`).join(' ');
    case 'pick':
    case 'skip':
      return rule.kind;
    default:
      return rule satisfies never;
  }
}

/** The name as a word of its own, whatever its case. */
function wordOf(name: string): RegExp {
  const text = name.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
  return new RegExp(`(?<![\\p{L}\\p{N}_-])${text}(?![\\p{L}\\p{N}_-])`, 'giu');
}
