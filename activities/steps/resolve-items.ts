import type { PersonFound } from '../../ledger/analysis-steps.ts';
import { joinLiveAnalyses, unresolvedItems, type LaneRef, type UnresolvedItem } from '../../ledger/lane-queries.ts';
import { resolveItem, type Resolved } from '../../ledger/resolve-item.ts';
import { workKey } from '../../manifests/identity.ts';
import { resolveMappings, type MappingResolution } from '../../manifests/resolve-mappings.ts';
import { reasonOf } from '../../schemas/failure-codes.ts';
import type { PersonChoice, Resolution, SwapRule } from '../../schemas/manifest-item.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';

const AT_ONCE = 100;

/** Brings swap rules and people found together, for items whose video is analysed; the others join the analysis under way. Returns whether there are
 * more. */
export async function resolveItems(
  deps: ActivityDependencies,
  at: LaneRef,
  account: string,
  alsoPending: boolean,
): Promise<boolean> {
  const states = alsoPending ? (['pending', 'analyzing'] as const) : (['analyzing'] as const);
  const items = await unresolvedItems(deps.ledger.db, at, states, AT_ONCE);
  if (items.length === 0) return false;
  const served = servedAccount(deps, account);
  const identity = { name: account, baseUrl: served.settings.baseUrl };
  await deps.ledger.write(async (tx, nowMs) => {
    for (const item of items) {
      const people = JSON.parse(item.people) as PersonFound[];
      const resolved = resolve(item, people, at.batch, identity, deps.ignoreQuery);
      await resolveItem(tx, item.key, { analysis: item.analysis, people: people.length }, resolved, nowMs);
    }
  });
  await deps.at('after-rule-resolution');
  return items.length === AT_ONCE;
}

/** Pending items of videos that somebody analyses already say so. */
export async function joinAnalyses(deps: ActivityDependencies, at: LaneRef, account: string): Promise<void> {
  await deps.ledger.write((tx, nowMs) => joinLiveAnalyses(tx, at, account, nowMs));
}

/** Numbers that may have been read from an earlier analysis, and that this one counts differently (design section 4). */
function numbersAreOld(rule: SwapRule, item: UnresolvedItem, people: readonly PersonFound[]): boolean {
  return (
    rule.kind === 'by-number' && item.checkId !== item.check && people.some((person) => person.renumbered === true)
  );
}

function renumbered(check: string, whenPeopleDiffer: 'wait' | 'fail'): MappingResolution {
  const message = `the video was analysed anew (${check}), and its people are not numbered as before; no task was created`;
  return whenPeopleDiffer === 'wait'
    ? { kind: 'pick', code: 'P204', message }
    : {
        kind: 'fail',
        code: 'P204',
        message,
        next: `compare the previews, correct the numbers, and set check to ${check}`,
      };
}

function resolve(
  item: UnresolvedItem,
  people: readonly PersonFound[],
  batch: string,
  account: { readonly name: string; readonly baseUrl: string },
  ignoreQuery: readonly string[],
): Resolved {
  const where = { batch, item: item.id };
  const rule = JSON.parse(item.swap) as SwapRule;
  const whenPeopleDiffer = item.differ === 'fail' ? 'fail' : 'wait';
  const analysed = { check: item.check, people };
  const asWritten = numbersAreOld(rule, item, people)
    ? renumbered(item.check, whenPeopleDiffer)
    : resolveMappings(rule, analysed, { check: item.checkId, whenPeopleDiffer });
  // What a person decided on this very analysis holds for every later run of the row.
  const found =
    asWritten.kind === 'pick' && item.picked !== null
      ? resolveMappings({ kind: 'by-number', people: JSON.parse(item.picked) as PersonChoice[] }, analysed, {
          check: null,
          whenPeopleDiffer,
        })
      : asWritten;
  switch (found.kind) {
    case 'mappings': {
      const settings = {
        resolution: item.resolution as Resolution,
        model: item.model,
        keepOriginalSound: item.sound === 1,
        templateId: item.template,
      };
      return {
        kind: 'ready',
        mappings: found.mappings,
        workKey: workKey(account, item.videoUrl, found.mappings, settings, ignoreQuery, item.salt),
      };
    }
    case 'skip':
      return { kind: 'skipped', reason: reasonOf('S203', where) };
    case 'pick':
      return { kind: 'needs-pick', reason: { ...reasonOf(found.code, where), message: found.message } };
    case 'fail': {
      const cure = `${found.next}, or give it up: headswap skip ${batch} ${item.id}`;
      return { kind: 'failed', reason: { code: found.code, message: found.message, vendor: null, next: cure } };
    }
    default:
      return found satisfies never;
  }
}
