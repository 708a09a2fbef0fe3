import { EventsSchema } from '../../schemas/events.ts';
import { ReportSchema } from '../../schemas/report.ts';
import { code, generatedFrom, table } from './markdown.ts';
import { MEANINGS } from './report-meanings.ts';

interface Node {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly patternProperties?: unknown;
}

/** docs/reference/report.md, from the schemas of report.json and of the JSON lines. */
export function renderReport(): string {
  const lines = ((EventsSchema as Node).anyOf ?? []).map((line) => {
    const type = String(line.properties?.['type']?.const);
    const own = Object.entries(line.properties ?? {}).filter(
      ([name]) => !['at', 'seq', 'batch', 'type'].includes(name),
    );
    return [code(type), MEANINGS[`line ${type}`] ?? missing(`line ${type}`), own.map(([name]) => code(name)).join(' ')];
  });
  return `# Reports and JSON lines

${generatedFrom('schemas/report.ts, schemas/events.ts and scripts/reference/report-meanings.ts')}

A batch's reports lie beside its outputs in \`<storage>/<batch>/\`, with relative links: the folder is the hand-over. \`run\` and
\`resume\` write them at the end; \`headswap report BATCH\` builds them at any time.

| file | for |
| --- | --- |
| \`report.html\` | people: one page, opens without a network |
| \`report.json\` | scripts; below |
| \`report.csv\` | the submitted sheet back, same columns and order, and what became of each row; it can be submitted again as it is |
| \`junit.xml\` | CI: one test case per item |

Fields may be added to the JSON forms, never renamed or removed; \`headswap schema report\` and \`headswap schema events\` print their
JSON Schemas. Times are ISO 8601 in UTC, money is in credits.

## report.csv

The sheet's own columns, then \`hs_state\` \`hs_code\` \`hs_message\` \`hs_task_id\` \`hs_link\` \`hs_file\` \`hs_credits\` \`hs_batch\`. The reader of
manifests passes over \`hs_*\`. Cells that a spreadsheet would take for formulas are neutralised, and the reader undoes that.

## report.json

${table(['field', 'type', 'meaning'], rowsOf(ReportSchema as Node, ''))}

\`items = done + failed + skipped + cancelled + waiting + uncertain + pending\`. \`waiting\` counts what only a person or money can
move: picks, items held by the budget, stalled ones. [States](../architecture.md#the-life-of-an-item) are explained there.

## JSON lines

\`run\`, \`resume\`, \`watch\` and \`submit\` with \`--json\` print one object per line. Each has \`at\`, \`seq\` (counts up by one), \`batch\` and \`type\`.
The last line is always a \`summary\`, also after errors and signals.

${table(['type', 'when', 'fields'], lines)}
`;
}

function rowsOf(node: Node, path: string): string[][] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (at === 'totals.by_state') return [row(at, field)];
    const inner = innerOf(field);
    if (inner === null) return [row(at, field)];
    return [row(at, field), ...rowsOf(inner, inner === field.items || isList(field) ? `${at}[]` : at)];
  });
}

/** The object inside a field: itself, one of its alternatives, or what a list holds. */
function innerOf(field: Node): Node | null {
  if (field.properties !== undefined) return field;
  if (field.items !== undefined) return innerOf(field.items);
  for (const alternative of field.anyOf ?? []) {
    const inner = innerOf(alternative);
    if (inner !== null) return inner;
  }
  return null;
}

/** A field that may be null carries its description inside. */
function describedBy(field: Node): string | undefined {
  return field.description ?? field.anyOf?.find(({ description }) => description !== undefined)?.description;
}

function isList(field: Node): boolean {
  return field.items !== undefined;
}

function row(at: string, field: Node): string[] {
  return [code(at), typeOf(field), MEANINGS[at] ?? describedBy(field) ?? missing(at)];
}

function typeOf(field: Node): string {
  if (field.const !== undefined) return code(JSON.stringify(field.const));
  if (field.enum !== undefined) return 'text';
  if (field.anyOf !== undefined) return field.anyOf.map(typeOf).join(' or ');
  if (field.type === 'array') return 'list';
  if (field.type === 'string') return 'text';
  return field.type ?? 'object';
}

function missing(at: string): never {
  throw new Error(`scripts/reference/report-meanings.ts does not say what "${at}" means`);
}
