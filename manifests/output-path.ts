import type { SwapRule } from '../schemas/manifest-item.ts';
import type { ValueFault } from './fault.ts';
import { quoted } from './fault.ts';
import { didYouMean } from './nearest-name.ts';
import { facesOfRule } from './swap-rule.ts';
import { fillTemplate, parseTemplate, type TemplatePart } from './placeholders.ts';

export const BUILT_IN_OUTPUT = '{batch}/{id}.mp4';
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/iu;
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f<>:"|?*\\]/u;
const USUAL = /^(?:[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?\/)*[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/u;
const SUSPECT = /(?:^|\/)(?:con|prn|aux|nul|com|lpt|report|junit|picks|purged)/iu;
/** The store takes 180 bytes; a further paid version of an item gets `.v2` before its ending. */
const LONGEST_PART = 170;
const REPORT_FILES = new Set([
  'report.html',
  'report.json',
  'report.csv',
  'junit.xml',
  'picks.html',
  'picks.csv',
  'purged.json',
]);

const parsed = new Map<string, TemplatePart[]>();
function partsOf(template: string): TemplatePart[] {
  const known = parsed.get(template);
  if (known !== undefined) return known;
  const parts = parseTemplate(template);
  if (parsed.size > 1_000) parsed.clear();
  parsed.set(template, parts);
  return parts;
}

/**
 * Fills an output template and checks that the key stays inside the storage on every file system: relative, no `..`, no
 * names that Windows keeps for devices, no characters that some disk refuses.
 */
export function fillOutput(
  template: string,
  values: Readonly<Record<string, string>>,
): { ok: true; output: string } | { ok: false; fault: ValueFault } {
  const filled = fillTemplate(partsOf(template), (name) => (Object.hasOwn(values, name) ? values[name] : undefined));
  const [unknown] = filled.unknown;
  if (unknown !== undefined) {
    const help = didYouMean(unknown.name, Object.keys(values), 'Known here') ?? 'a literal brace is written {{';
    return {
      ok: false,
      fault: {
        code: 'M123',
        message: `unknown placeholder {${unknown.name}}`,
        help,
        from: unknown.from,
        length: unknown.length,
      },
    };
  }
  const output = filled.text.normalize('NFC');
  const reason = outputReason(output, values['batch'] ?? '');
  if (reason === null) return { ok: true, output };
  return {
    ok: false,
    fault: {
      code: 'M122',
      message: `the output ${quoted(output)} ${reason}`,
      help: `use a relative path such as ${BUILT_IN_OUTPUT}`,
    },
  };
}

/** What `{face}` stands for: the names in the order of the people, joined by `+`; of a URL in place the file's name. */
export function faceInName(rule: SwapRule): string {
  if (rule.kind === 'pick' || rule.kind === 'skip') return rule.kind;
  return facesOfRule(rule)
    .map(({ name, url }) =>
      name === url ? (name.split(/[?#]/u, 1)[0]?.split('/').at(-1) ?? '').replace(/\.[^.]*$/u, '') : name,
    )
    .map((name) => name.replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, '-'))
    .join('+');
}

/** Why a storage key is refused, or null. */
export function outputReason(output: string, batch: string): string | null {
  // The usual path, told by one expression: plain parts, none of them a device of Windows, none a report.
  if (output.length <= LONGEST_PART && USUAL.test(output) && !SUSPECT.test(output)) return null;
  if (output === '') return 'is empty';
  if (output.startsWith('/') || /^[a-zA-Z]:/u.test(output) || output.startsWith('~'))
    return 'is not relative to the storage';
  const bad = FORBIDDEN.exec(output);
  if (bad !== null) return `contains ${quoted(bad[0])}, which some file systems refuse`;
  if (Buffer.byteLength(output) > 900) return 'is longer than 900 bytes';
  const segments = output.split('/');
  for (const segment of segments) {
    if (segment === '' || segment === '.') return 'has an empty part';
    if (segment === '..') return 'leads out of the storage';
    if (segment.startsWith('.'))
      return `has the part ${quoted(segment)}; names that begin with a dot are kept for the program`;
    if (/[. ]$/u.test(segment) || segment.startsWith(' '))
      return 'has a part that begins or ends with a blank or ends with a dot';
    if (WINDOWS_DEVICE.test(segment)) return `has the part ${quoted(segment)}, which Windows keeps for a device`;
    if (Buffer.byteLength(segment) > LONGEST_PART) return `has a part longer than ${LONGEST_PART} bytes`;
  }
  const [folder, name] = segments;
  if (segments.length === 2 && folder === batch && name !== undefined && REPORT_FILES.has(name.toLowerCase())) {
    return 'is the name of a file the program keeps in this folder';
  }
  return null;
}

/** The form under which two paths are one file on disks that ignore case or the Unicode form. */
export function collisionKey(output: string): string {
  // Most paths are plain lower-case ASCII; normalising a million of them would cost seconds.
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0000-\u007f]*$/u.test(output)) return output.toLowerCase();
  return output.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}
