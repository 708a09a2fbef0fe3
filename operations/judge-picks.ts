import type { PickCandidate, PickToRecord } from '../ledger/picks.ts';
import { consentFault } from '../manifests/consent.ts';
import { workKey, type AccountIdentity } from '../manifests/identity.ts';
import { readChoices, type PickLine, type PicksReading } from '../manifests/read-picks.ts';
import { resolveMappings } from '../manifests/resolve-mappings.ts';
import { reasonOf } from '../schemas/failure-codes.ts';
import type { PersonChoice, Resolution } from '../schemas/manifest-item.ts';
import type { Requirement } from '../schemas/requirement.ts';
import type { OpenPicks } from './open-picks.ts';

export interface JudgedPick {
  readonly id: string;
  readonly action: 'apply' | 'same' | 'open' | 'refused';
  readonly why: string;
  readonly resolution: Resolution;
  readonly pick: PickToRecord | null;
}

export interface PickRules {
  readonly batch: string;
  readonly account: AccountIdentity;
  readonly ignoreQuery: readonly string[];
  readonly allowPrivateHosts: boolean;
  readonly require: readonly Requirement[];
  /** `YYYY-MM-DD`. */
  readonly today: string;
}

/** What each item of a picks file comes to. One that cannot be applied keeps no other one back. Pure. */
export function judgePicks(
  reading: Pick<PicksReading, 'lines' | 'problems'>,
  open: OpenPicks,
  rules: PickRules,
): JudgedPick[] {
  const byId = new Map(open.items.map((item) => [item.id, item]));
  const lines = Map.groupBy(reading.lines, (line) => line.id);
  const unreadable = reading.problems.map((problem): JudgedPick => ({
    id: `line ${problem.line}`,
    action: 'refused',
    why: `${problem.message}${problem.help === null ? '' : `: ${problem.help}`}`,
    resolution: '720p',
    pick: null,
  }));
  const judged = [...lines].map(([id, its]): JudgedPick => {
    const item = byId.get(id);
    if (item === undefined)
      return { id, action: 'refused', why: `no item of ${open.batch} is called so`, resolution: '720p', pick: null };
    return judgeItem(item, its, open, rules);
  });
  return [...judged, ...unreadable];
}

function judgeItem(item: PickCandidate, lines: readonly PickLine[], open: OpenPicks, rules: PickRules): JudgedPick {
  const verdict = (action: JudgedPick['action'], why: string, pick: PickToRecord | null = null): JudgedPick => ({
    id: item.id,
    action,
    why,
    resolution: item.resolution as Resolution,
    pick,
  });
  const chosen = lines.filter((line) => line.face !== '');
  const again = `headswap picks export ${open.batch} shows the present people`;
  if (chosen.length === 0)
    return verdict(
      item.state === 'needs-pick' ? 'open' : 'same',
      item.state === 'needs-pick' ? 'not decided yet' : `it is ${item.state}`,
    );
  if (item.analysis === null || item.check === null)
    return verdict('refused', 'its video is being analysed: apply the file again when that has ended');
  const stale = lines.find((line) => line.check !== item.check);
  if (stale !== undefined)
    return verdict(
      'refused',
      `chosen on analysis ${stale.check === '' ? '(none given)' : stale.check}, the present one is ${item.check}, and people may be numbered differently: ${again}`,
    );
  const people = JSON.parse(item.people ?? '[]') as { objId: number; preview: string }[];
  const strange = lines.find((line) => !people.some(({ objId }) => objId === line.person));
  if (strange !== undefined) return verdict('refused', `the analysis found no person ${strange.person}: ${again}`);
  const undecided = people.filter(({ objId }) => !chosen.some((line) => line.person === objId));
  if (undecided.length > 0)
    return verdict(
      'refused',
      `person ${undecided.map(({ objId }) => objId).join(', ')} has no choice: write a face, or keep to leave that person as is`,
    );
  const choices = readChoices(chosen, open.faces, rules.allowPrivateHosts);
  if (!choices.ok) return verdict('refused', `${choices.message}${choices.help === null ? '' : `: ${choices.help}`}`);
  if (item.state !== 'needs-pick') return decidedBefore(item, choices.choices, open, verdict);
  for (const { face } of choices.choices) {
    const fault = face === null ? null : consentFault(face, rules.require, rules.today);
    if (fault !== null) return verdict('refused', `${fault.message}: ${fault.help ?? ''}`);
  }
  const resolved = resolveMappings(
    { kind: 'by-number', people: choices.choices },
    { check: item.check, people },
    { check: null, whenPeopleDiffer: 'fail' },
  );
  const pick = {
    key: item.key,
    item: item.id,
    rule: item.rule,
    analysis: item.analysis,
    check: item.check,
    people: people.length,
    choices: choices.choices,
    text: choices.text,
  };
  const where = { batch: open.batch, item: item.id };
  switch (resolved.kind) {
    case 'mappings':
      return verdict('apply', choices.text, {
        ...pick,
        resolved: { kind: 'ready', mappings: resolved.mappings, workKey: workKeyOf(item, resolved.mappings, rules) },
      });
    case 'skip':
      return verdict('apply', 'everybody stays as they are: skipped', {
        ...pick,
        resolved: {
          kind: 'skipped',
          reason: reasonOf('S203', where, { message: 'decided by eye: everybody stays as they are' }),
        },
      });
    case 'pick':
    case 'fail':
      return verdict('refused', resolved.message);
    default:
      return resolved satisfies never;
  }
}

function workKeyOf(item: PickCandidate, mappings: Parameters<typeof workKey>[2], rules: PickRules): string {
  const settings = {
    resolution: item.resolution as Resolution,
    model: item.model,
    keepOriginalSound: item.sound === 1,
    templateId: item.template,
  };
  return workKey(rules.account, item.videoUrl, mappings, settings, rules.ignoreQuery, item.salt);
}

/** The same file may be applied again at any time; another choice for what is decided needs a word of its own. */
function decidedBefore(
  item: PickCandidate,
  choices: readonly PersonChoice[],
  open: OpenPicks,
  verdict: (action: JudgedPick['action'], why: string) => JudgedPick,
): JudgedPick {
  const before = open.decisions.findLast(({ item: id, analysis }) => id === item.id && analysis === item.analysis);
  if (before === undefined) return verdict('refused', `it waits for no decision: it is ${item.state}`);
  const said = (some: readonly PersonChoice[]) =>
    JSON.stringify(some.map(({ objId, face }) => [objId, face?.url ?? null]));
  if (said(before.choices) === said(choices))
    return verdict('same', `decided so already by ${before.by}; it is ${item.state}`);
  const text = before.choices.map(({ objId, face }) => `${objId}:${face?.name ?? 'keep'}`).join(' ');
  return verdict(
    'refused',
    `decided otherwise by ${before.by} (${text}) and ${item.state}: for another cast write the numbers into its row and run the manifest`,
  );
}
