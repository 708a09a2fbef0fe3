import type { Face, Mapping, SwapRule } from '../schemas/manifest-item.ts';

export interface AnalysedPeople {
  /** Digest of the analysis, as `check` names it. */
  readonly check: string;
  readonly people: readonly { readonly objId: number; readonly preview: string }[];
}

export type MappingCode = 'P200' | 'P201' | 'P202' | 'P203' | 'P204' | 'P205';

/** What a rule comes to on the people that were found. `pick` waits for a person, `fail` ends the item; neither cost anything. */
export type MappingResolution =
  | { readonly kind: 'mappings'; readonly mappings: readonly Mapping[] }
  | { readonly kind: 'skip' }
  | { readonly kind: 'pick'; readonly code: MappingCode; readonly message: string }
  | { readonly kind: 'fail'; readonly code: MappingCode; readonly message: string; readonly next: string };

const MAX_MAPPINGS = 5;

/** Applies a swap rule to an analysis (contract section 6). Never guesses: what does not fit waits or fails. */
export function resolveMappings(
  rule: SwapRule,
  analysis: AnalysedPeople,
  options: { readonly check: string | null; readonly whenPeopleDiffer: 'wait' | 'fail' },
): MappingResolution {
  if (rule.kind === 'skip' || (rule.kind === 'by-number' && rule.people.every((person) => person.face === null))) {
    return { kind: 'skip' };
  }
  const { people } = analysis;
  if (people.length === 0) {
    return {
      kind: 'fail',
      code: 'P201',
      message: 'no person found in the video; nothing was charged for a task',
      next: 'use a video in which faces are larger or clearer, or set swap: skip',
    };
  }
  const differ = (code: MappingCode, message: string, next: string): MappingResolution =>
    options.whenPeopleDiffer === 'wait' ? { kind: 'pick', code, message } : { kind: 'fail', code, message, next };
  switch (rule.kind) {
    case 'pick':
      return { kind: 'pick', code: 'P200', message: `waits for a decision by eye: ${count(people.length)} found` };
    case 'only': {
      const [only] = people;
      if (only === undefined || people.length !== 1) {
        return differ(
          'P202',
          `the rule expects one person, the analysis found ${people.length}; no task was created`,
          `name the people by number, such as 0:${spelled(rule.face)}, or use all:${spelled(rule.face)} or pick`,
        );
      }
      return { kind: 'mappings', mappings: [mapping(only.objId, rule.face)] };
    }
    case 'all':
      if (people.length > MAX_MAPPINGS) {
        return {
          kind: 'fail',
          code: 'P205',
          message: `${count(people.length)} found, one task replaces at most ${MAX_MAPPINGS}; no task was created`,
          next: 'name up to 5 people by number, or cut the video into shots with fewer people',
        };
      }
      return {
        kind: 'mappings',
        mappings: people.map((person) => mapping(person.objId, rule.face)).toSorted(byNumber),
      };
    case 'by-number': {
      if (options.check !== null && options.check !== analysis.check) {
        return differ(
          'P204',
          `the numbers were read from analysis ${options.check}, but the video was analysed anew (${analysis.check}); people may be numbered differently`,
          `compare the previews, correct the numbers, and set check to ${analysis.check}`,
        );
      }
      const found = new Set(people.map((person) => person.objId));
      const missing = rule.people.filter((person) => !found.has(person.objId)).map((person) => person.objId);
      if (missing.length > 0) {
        return differ(
          'P203',
          `the rule names person ${missing.join(', ')}, the analysis found ${[...found].toSorted((a, b) => a - b).join(', ')}; no task was created`,
          'correct the numbers, or use pick',
        );
      }
      const mappings = rule.people.flatMap((person) =>
        person.face === null ? [] : [mapping(person.objId, person.face)],
      );
      return { kind: 'mappings', mappings: mappings.toSorted(byNumber) };
    }
    default:
      return rule satisfies never;
  }
}

function mapping(objId: number, face: Face): Mapping {
  return { objId, face: face.name, url: face.url, consent: face.consent, until: face.until };
}
function byNumber(a: Mapping, b: Mapping): number {
  return a.objId - b.objId;
}
function count(people: number): string {
  return people === 1 ? '1 person' : `${people} people`;
}
function spelled(face: Face): string {
  return face.name.includes('/') ? 'URL' : face.name;
}
