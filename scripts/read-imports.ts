import { parseSync, Visitor } from 'oxc-parser';

export interface ImportSite {
  /** As written, or undefined for an import of a computed path, which no rule can judge. */
  readonly specifier: string | undefined;
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface ProcessUse {
  /** The member read off `process`, or undefined where `process` itself is handed around. */
  readonly member: string | undefined;
  readonly line: number;
}

export interface SourceFacts {
  readonly imports: readonly ImportSite[];
  readonly processUses: readonly ProcessUse[];
}

/**
 * Every way in which one source file reaches another module or `process`. Only a whole `import type` counts as type-only:
 * `import { type X }` is kept as `import {}` when types are stripped, so it loads the module. Throws on a syntax error.
 */
export function readImports(file: string, source: string): SourceFacts {
  const { program, errors } = parseSync(file, source);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const imports: ImportSite[] = [];
  const processUses: ProcessUse[] = [];
  // Identifiers `process` that are already understood: as `process.x`, or as a mere name of a property.
  const understood = new Set<number>();
  const lineOf = (offset: number): number => source.slice(0, offset).split('\n').length;
  const addImport = (specifier: string | undefined, typeOnly: boolean, start: number): void => {
    imports.push({ specifier, typeOnly, line: lineOf(start) });
  };
  const addUse = (member: string | undefined, start: number): void => {
    processUses.push({ member, line: lineOf(start) });
  };

  // A parent is visited before its children, which is what `understood` relies on.
  new Visitor({
    ImportDeclaration: (node) => {
      addImport(node.source.value, node.importKind === 'type', node.start);
      if (/^(node:)?process$/.test(node.source.value)) addUse(undefined, node.start);
    },
    ExportNamedDeclaration: (node) => {
      if (node.source) addImport(node.source.value, node.exportKind === 'type', node.start);
    },
    ExportAllDeclaration: (node) => addImport(node.source.value, node.exportKind === 'type', node.start),
    ImportExpression: (node) => addImport(textOf(node.source), false, node.start),
    TSImportType: (node) => addImport(node.source.value, true, node.start),
    Property: (node) => {
      if (!node.computed && !node.shorthand) understood.add(node.key.start);
    },
    TSPropertySignature: (node) => {
      if (!node.computed) understood.add(node.key.start);
    },
    MemberExpression: (node) => {
      const { object, property } = node;
      const isGlobal = object.type === 'Identifier' && object.name === 'globalThis';
      if (!node.computed && !isGlobal) understood.add(property.start);
      if (object.type !== 'Identifier' || object.name !== 'process') return;
      understood.add(object.start);
      addUse(node.computed ? textOf(property) : 'name' in property ? nameOf(property) : undefined, object.start);
    },
    Identifier: (node) => {
      if (node.name === 'process' && !understood.has(node.start)) addUse(undefined, node.start);
    },
  }).visit(program);
  return { imports, processUses };
}

/** The text of a string literal or of a template without placeholders. */
function textOf(node: TextLike): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'TemplateLiteral' && node.quasis?.length === 1) return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

/** The parser does not export its node types; these are the fields that matter of any of them. */
interface TextLike {
  readonly type: string;
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly cooked?: string | null } }[];
}

function nameOf(node: { readonly name?: unknown }): string | undefined {
  return typeof node.name === 'string' ? node.name : undefined;
}
