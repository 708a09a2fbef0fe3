import { hash } from 'node:crypto';
import type { ManifestItem, Mapping, SwapRule, TaskSettings } from '../schemas/manifest-item.ts';

export interface AccountIdentity {
  readonly name: string;
  readonly baseUrl: string;
}

const SIGNATURE_NAMES = new Set(['Signature', 'Expires', 'Key-Pair-Id', 'Policy']);
/** Parameters of an Azure shared access signature. Some are everyday words (`st`, `sp`), so they count only beside `sv` and `sig`. */
const AZURE_NAMES = new Set(
  'sv ss srt sr st se sp spr sip si sig skoid sktid skt ske sks skv saoid suoid scid sdd ses sduoid rscc rscd rsce rscl rsct epk spk erk srk tn'.split(
    ' ',
  ),
);

/**
 * An URL less the parameters that only sign it (design section 3): two signed URLs of one file are the same work. Textual:
 * the rest of the URL keeps its spelling and order. `ignoreQuery` adds names; a trailing `*` matches a prefix.
 */
export function stripSignature(url: string, ignoreQuery: readonly string[] = []): string {
  const mark = url.indexOf('?');
  if (mark === -1) return url;
  const hashMark = url.indexOf('#', mark);
  const fragment = hashMark === -1 ? '' : url.slice(hashMark);
  const pieces = url.slice(mark + 1, hashMark === -1 ? undefined : hashMark).split('&');
  const names = new Set(pieces.map(nameOf));
  const azure = names.has('sig') && names.has('sv');
  const kept = pieces.filter((piece) => !isSignature(nameOf(piece), azure, ignoreQuery));
  return url.slice(0, mark) + (kept.length === 0 ? '' : `?${kept.join('&')}`) + fragment;
}

function nameOf(piece: string): string {
  const raw = piece.split('=', 1)[0] ?? '';
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

function isSignature(name: string, azure: boolean, ignoreQuery: readonly string[]): boolean {
  if (/^x-(amz|goog)-/iu.test(name) || SIGNATURE_NAMES.has(name)) return true;
  if (azure && AZURE_NAMES.has(name)) return true;
  return ignoreQuery.some((wanted) => (wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted));
}

function settingsPart(settings: TaskSettings): unknown[] {
  return [settings.resolution, settings.model, settings.keepOriginalSound, settings.templateId];
}

function rulePart(rule: SwapRule, ignoreQuery: readonly string[]): unknown[] {
  switch (rule.kind) {
    case 'only':
    case 'all':
      return [rule.kind, stripSignature(rule.face.url, ignoreQuery)];
    case 'by-number':
      return [
        rule.kind,
        ...rule.people.map((person) => [
          person.objId,
          person.face === null ? null : stripSignature(person.face.url, ignoreQuery),
        ]),
      ];
    case 'pick':
    case 'skip':
      return [rule.kind];
    default:
      return rule satisfies never;
  }
}

type Work = Pick<ManifestItem, 'video' | 'swap' | 'settings'>;

/** What makes two items the same work as written: the canonical text behind the rule key, less the account. */
export function ruleText(item: Work, ignoreQuery: readonly string[] = []): string {
  return JSON.stringify([
    stripSignature(item.video, ignoreQuery),
    rulePart(item.swap, ignoreQuery),
    settingsPart(item.settings),
  ]);
}

/** Digest of what makes two items the same work as written: known offline. Names of faces, ids and outputs are not in it. */
export function ruleKey(account: AccountIdentity, item: Work, ignoreQuery: readonly string[] = []): string {
  return digest(['rule', account.baseUrl, account.name, ruleText(item, ignoreQuery)]);
}

/**
 * Digest of what makes two paid tasks the same work, once people are known (contract section 6). The order of mappings does
 * not matter. `salt` makes it another work on purpose (`--again`).
 */
export function workKey(
  account: AccountIdentity,
  video: string,
  mappings: readonly Pick<Mapping, 'objId' | 'url'>[],
  settings: TaskSettings,
  ignoreQuery: readonly string[] = [],
  salt: string | null = null,
): string {
  const pairs = mappings
    .map((mapping) => [mapping.objId, stripSignature(mapping.url, ignoreQuery)] as const)
    .toSorted((a, b) => a[0] - b[0]);
  return digest([
    'work',
    account.baseUrl,
    account.name,
    stripSignature(video, ignoreQuery),
    pairs,
    settingsPart(settings),
    salt,
  ]);
}

/** JSON of an array is a canonical spelling: fixed order, lengths unambiguous. */
function digest(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex');
}
