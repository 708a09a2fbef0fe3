import { ConfigSchema } from '../../schemas/config.ts';
import { ENVIRONMENT } from './environment.ts';
import { code, generatedFrom, table } from './markdown.ts';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
}

/** Described elsewhere: the same fields as in manifests. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  defaults:
    'Fields that manifests and sheets leave out: [those of an item](../manifest.md#items), all but `id` and `video`.',
  faces: 'Faces that every manifest may use, as [in a manifest](../manifest.md#faces).',
};

/** docs/reference/configuration.md, from the schema of headswap.yaml. */
export function renderConfiguration(): string {
  return `# Configuration

${generatedFrom('schemas/config.ts and scripts/reference/environment.ts')}

\`headswap.yaml\` is looked for in the current folder and above it, as git looks for \`.git\`; \`--config FILE\` names another. Then
come environment variables, then flags: the later wins. All errors are told at once, and unknown keys are errors.
\`headswap doctor --verbose\` shows every value and where it came from. Secrets are never shown, logged or written anywhere.

\`\`\`yaml
accounts:
  default:
    api_key: \${AKOOL_API_KEY}
    limits: { create_per_second: 2, open_tasks: 10 }
    prices: { 480p: 6, 720p: 15 }
defaults: { resolution: 720p }
ledger: sqlite:.headswap/ledger.db
storage: file:./out
\`\`\`

## headswap.yaml

Durations are texts: \`500ms\`, \`5s\`, \`30m\`, \`2h\`. \`\${NAME}\` takes a secret from the environment; it has to be the whole value. Relative
paths belong to the folder of headswap.yaml.

${table(['field', 'default', 'meaning'], rowsOf(ConfigSchema as Node, ''))}

The account \`emulator\` is built in: \`--account emulator\` rehearses any manifest for free, with a ledger, an engine and outputs of
its own in \`.headswap/emulator/\`, and never sends a configured key.

## Environment

${table(
  ['variable', 'meaning'],
  ENVIRONMENT.map(({ name, meaning }) => [code(name), meaning]),
)}

The key and the address in the environment speak for the account \`default\`, or for the only one there is.

## Where state lives

\`.headswap/\` beside headswap.yaml, else in the current folder.

| file | is |
| --- | --- |
| \`ledger.db\` | the ledger: what was paid, and what came of it. Keep it |
| \`temporal.db\`, \`engine.json\`, \`engine.lock\` | the embedded engine; may be deleted when nothing runs |
| \`logs/\` | logs of worker and engine, without URLs and secrets |
| \`emulator/\`, \`demo/\` | the same for rehearsals and the demo; may be deleted |

\`<storage>/<batch>/\` holds a batch's videos and reports.
`;
}

function rowsOf(node: Node, path: string): string[][] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const elsewhere = ELSEWHERE[at];
    if (elsewhere !== undefined) return [[code(at), '', elsewhere]];
    const each = typeof field.additionalProperties === 'object' ? field.additionalProperties : undefined;
    if (each?.properties !== undefined) return [row(at, field), ...rowsOf(each, `${at}.NAME`)];
    if (field.properties !== undefined && Object.keys(field.properties).length > 0) {
      return [...(field.description === undefined ? [] : [row(at, field)]), ...rowsOf(field, at)];
    }
    return [row(at, field)];
  });
}

function row(at: string, field: Node): string[] {
  const standard = field.default === undefined ? '' : code(spelled(field.default));
  const [example] = field.examples ?? [];
  const shown = example === undefined || field.default !== undefined ? '' : ` Example: ${code(spelled(example))}.`;
  return [code(at), standard, `${field.description ?? ''}${shown}`];
}

function spelled(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
