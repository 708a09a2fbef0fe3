import { FAILURE_CODES, type FailureCode } from '../../schemas/failure-codes.ts';
import { MANIFEST_CODES, WARNING_CODES } from '../../schemas/manifest-codes.ts';
import { generatedFrom } from './markdown.ts';

const FAMILIES: Readonly<Record<string, string>> = {
  A: 'Account',
  C: 'Credits',
  P: 'Provider',
  N: 'Network',
  D: 'Disk',
  U: 'Uncertain',
  S: 'System',
  M: 'Manifest and configuration',
};

/** The page of docs/operations that answers what to do about a code. */
export const OPERATIONS_PAGE: Readonly<Record<string, string>> = {
  A101: 'key-refused',
  A102: 'key-refused',
  A103: 'key-refused',
  A104: 'key-refused',
  A105: 'key-refused',
  A106: 'key-refused',
  A107: 'key-refused',
  A108: 'key-refused',
  C101: 'credits-ran-out',
  C102: 'credits-ran-out',
  C103: 'credits-ran-out',
  C104: 'credits-ran-out',
  P101: 'vendor-down',
  P102: 'vendor-down',
  P103: 'a-row-is-wrong',
  P104: 'a-row-is-wrong',
  P105: 'resume-a-batch',
  P106: 'a-row-is-wrong',
  P107: 'a-row-is-wrong',
  P108: 'resume-a-batch',
  P109: 'vendor-down',
  P110: 'a-row-is-wrong',
  P112: 'resume-a-batch',
  P113: 'resume-a-batch',
  P200: 'a-row-is-wrong',
  P201: 'a-row-is-wrong',
  P202: 'a-row-is-wrong',
  P203: 'a-row-is-wrong',
  P204: 'a-row-is-wrong',
  P205: 'a-row-is-wrong',
  N101: 'vendor-down',
  N102: 'output-missing',
  N103: 'output-missing',
  D101: 'disk-full',
  D102: 'output-missing',
  D103: 'output-missing',
  D104: 'output-missing',
  D105: 'disk-full',
  U101: 'answer-lost',
  U102: 'answer-lost',
  U103: 'answer-lost',
  U104: 'answer-lost',
  S101: 'engine-gone',
  S102: 'engine-gone',
  S103: 'worker-died',
  S104: 'worker-died',
  S105: 'worker-died',
  S106: 'engine-gone',
  S201: 'resume-a-batch',
  S202: 'resume-a-batch',
  S203: 'resume-a-batch',
};

/** docs/reference/failure-codes.md: one section for each code there is. */
export function renderCodes(): string {
  const failures = Object.entries<FailureCode>(FAILURE_CODES).map(([code, entry]) => {
    const page = OPERATIONS_PAGE[code];
    if (page === undefined) throw new Error(`scripts/reference/codes.ts names no page of docs/operations for ${code}`);
    const more = `- More: [operations](../operations/${page}.md)`;
    const lines = [entry.means, `- Money: ${entry.charged}`, `- What to do: ${entry.next}`, more];
    return { code, text: section(code, entry.title, lines) };
  });
  const faults = Object.entries(MANIFEST_CODES).map(([code, entry]) => {
    const warning = WARNING_CODES.has(code) ? ' (a warning: the file can be used as it is)' : '';
    const means = `${entry.explanation.replace(' (warning)', '')}${warning}`;
    return { code, text: section(code, entry.title, [means, `- What to do: ${entry.cure}`]) };
  });
  const all = [...failures, ...faults];
  const families = Object.entries(FAMILIES).map(([letter, name]) => {
    const sections = all.filter(({ code }) => code.startsWith(letter)).toSorted((a, b) => (a.code < b.code ? -1 : 1));
    return `## ${letter}: ${name}\n\n${sections.map(({ text }) => text).join('\n\n')}`;
  });
  const contents = Object.entries(FAMILIES).map(
    ([letter, name]) => `[${letter} ${name}](#${anchor(`${letter}: ${name}`)})`,
  );
  return `# Failure codes

${generatedFrom('schemas/failure-codes.ts and schemas/manifest-codes.ts')}

Every error and every reason carries one of these. \`headswap explain CODE\` prints the same text; \`headswap status --reason CODE\`
lists the items that have it. A code's meaning never changes. What to do by what you see: [operations](../operations/README.md).

${contents.join(' · ')}

${families.join('\n\n')}
`;
}

function section(code: string, title: string, [means = '', ...list]: readonly string[]): string {
  return [`<a id="${code.toLowerCase()}"></a>`, `### ${code} ${title}`, means, list.join('\n')].join('\n\n');
}

/** As GitHub makes anchors of headings. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}
