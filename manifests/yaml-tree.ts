import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node, type Range } from 'yaml';
import { quoted, type ValueFault } from './fault.ts';
import { readPlainYaml } from './plain-yaml.ts';

/** A YAML value with its place: what is needed of a document, free of aliases, tags and types. Offsets are in characters. */
export type YamlTree = YamlScalar | YamlMap | YamlList;
export interface YamlScalar {
  readonly kind: 'scalar';
  /** As written; the value of a quoted scalar. */
  readonly text: string;
  /** Not quoted: `null`, `true` and numbers mean more than their text. */
  readonly plain: boolean;
  readonly start: number;
  readonly end: number;
}
export interface YamlMap {
  readonly kind: 'map';
  readonly pairs: readonly { readonly key: YamlScalar; readonly value: YamlTree }[];
  readonly start: number;
  readonly end: number;
}
export interface YamlList {
  readonly kind: 'list';
  readonly items: readonly YamlTree[];
  readonly start: number;
  readonly end: number;
}
export interface YamlFault extends ValueFault {
  readonly start: number;
  readonly end: number;
}

const MAX_YAML_CHARS = 16 * 1024 * 1024;
const MAX_DEPTH = 40;
/** Values that aliases may add; a manifest repeats a few lines, a bomb billions. */
const MAX_ALIAS_NODES = 50_000;
const MAX_SYNTAX_FAULTS = 10;

/** Reads a YAML text. Nothing in it can run, grow or loop: merge keys, tags, cycles, bombs and deep nesting are faults with a place. */
export function readYamlTree(text: string): { tree: YamlTree | null; faults: YamlFault[] } {
  if (text.length > MAX_YAML_CHARS) {
    return {
      tree: null,
      faults: [
        {
          code: 'M004',
          message: `the YAML has ${Math.round(text.length / 1e6)} million characters, more than ${Math.round(MAX_YAML_CHARS / 1e6)}`,
          help: 'move the items into a CSV and name it with from:',
          start: 0,
          end: 1,
        },
      ],
    };
  }
  const plain = readPlainYaml(text);
  if (plain !== null) return { tree: plain, faults: [] };
  return readFullYaml(text);
}

/** The whole of YAML, for what `readPlainYaml` leaves: any text, with its errors. */
export function readFullYaml(text: string): { tree: YamlTree | null; faults: YamlFault[] } {
  const deep = nestingFault(text);
  if (deep !== null) return { tree: null, faults: [deep] };
  const document = parseDocument(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const faults = syntaxFaults(document, text);
  if (faults.length > 0) return { tree: null, faults };
  if (document.contents === null) return { tree: null, faults: [] };
  const converter = new Converter();
  const tree = converter.convert(document.contents, 0);
  return { tree, faults: converter.faults };
}

function syntaxFaults(document: Document, text: string): YamlFault[] {
  const firstPerLine = new Map<number, YamlFault>();
  for (const error of document.errors) {
    const [start, end] = error.pos;
    const line = text.slice(0, start).split('\n').length;
    if (firstPerLine.has(line) || firstPerLine.size >= MAX_SYNTAX_FAULTS) continue;
    firstPerLine.set(line, { ...syntaxMessage(error.code, error.message), start, end });
  }
  return [...firstPerLine.values()];
}

function syntaxMessage(code: string, message: string): ValueFault {
  if (code === 'MULTIPLE_DOCS')
    return {
      code: 'M018',
      message: 'a second document begins here',
      help: 'one file holds one manifest: split the file, or remove the ---',
    };
  if (code === 'RESOURCE_EXHAUSTION')
    return { code: 'M016', message: 'the values are nested too deeply', help: 'look for a bracket that is not closed' };
  if (code === 'BAD_ALIAS' || code === 'TAG_RESOLVE_FAILED')
    return {
      code: 'M010',
      message: plainSentence(message),
      help: 'put quotes around a value that starts with * & or !',
    };
  const help =
    code === 'TAB_AS_INDENT'
      ? 'indent with blanks, not with tabs'
      : code === 'BAD_INDENT'
        ? 'lines that belong together start in the same column'
        : code === 'MISSING_CHAR' || code === 'BAD_SCALAR_START'
          ? 'a text with : # { } [ ] , & * ! or a quote in it may need quotes around it'
          : 'compare the indentation and the quotes with the lines before';
  return { code: 'M010', message: `this is not valid YAML: ${plainSentence(message)}`, help };
}
function plainSentence(message: string): string {
  const first = message.split('\n', 1)[0] ?? '';
  return first.charAt(0).toLowerCase() + first.slice(1, 200);
}

class Converter {
  readonly faults: YamlFault[] = [];
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #inAlias = 0;
  #aliasNodes = 0;

  convert(node: unknown, depth: number): YamlTree {
    const nodeRange = rangeOf(node);
    const [start, end] = nodeRange;
    const nothing: YamlScalar = { kind: 'scalar', text: '', plain: true, start, end };
    if (depth > MAX_DEPTH)
      return this.#refuse(nothing, {
        code: 'M016',
        message: `the values are nested more than ${MAX_DEPTH} deep`,
        help: 'look for a bracket that is not closed',
      });
    if (this.#inAlias > 0 && ++this.#aliasNodes > MAX_ALIAS_NODES) {
      if (this.#aliasNodes > MAX_ALIAS_NODES + 1) return nothing;
      return this.#refuse(nothing, {
        code: 'M015',
        message: 'the aliases in this file grow into too many values',
        help: 'write the values out, or use matrix',
      });
    }
    if (isAlias(node)) return this.#alias(node.source, nothing, depth);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return nothing;
    if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:str') && hasExplicitTag(node)) {
      return this.#refuse(nothing, {
        code: 'M012',
        message: `the tag ${quoted(node.tag)} is not read`,
        help: 'remove it; quote a value that has to start with an exclamation mark',
      });
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) {
      const plain = node.type === undefined || node.type === 'PLAIN';
      return {
        kind: 'scalar',
        text: typeof node.value === 'string' ? node.value : '',
        plain: plain && node.tag === undefined,
        start,
        end,
      };
    }
    this.#open.add(node);
    const tree: YamlTree = isMap(node)
      ? { kind: 'map', pairs: this.#pairs(node.items, depth, node.flow === true), start, end }
      : { kind: 'list', items: node.items.map((item) => this.convert(item, depth + 1)), start, end };
    this.#open.delete(node);
    return tree;
  }

  #pairs(items: readonly { key: unknown; value: unknown }[], depth: number, flow: boolean): YamlMap['pairs'][number][] {
    const pairs: YamlMap['pairs'][number][] = [];
    const seen = new Set<string>();
    for (const item of items) {
      const key = this.convert(item.key, depth + 1);
      const [start, end] = [key.start, Math.max(key.end, key.start + 1)];
      if (key.kind !== 'scalar') {
        this.faults.push({
          code: 'M019',
          message: 'a list or mapping cannot be a key',
          help: 'write the key as a plain word',
          start,
          end,
        });
        continue;
      }
      if (key.text === '<<' && key.plain) {
        this.faults.push({
          code: 'M011',
          message: 'merge keys (<<) are not read',
          help: 'write the fields out, or put them into defaults',
          start,
          end,
        });
        continue;
      }
      const glued = flow && item.value === null && key.plain ? /^([^\s:]+):(\S.*)$/u.exec(key.text) : null;
      if (glued !== null && !/^[a-z]+:\/\//iu.test(key.text)) {
        this.faults.push({
          code: 'M017',
          message: `there is no space after the colon in ${quoted(key.text)}`,
          help: `put a space after the colon: { ${glued[1]}: ${glued[2]} }`,
          start,
          end,
        });
        // Read on as it was meant, so that what is missing without it is no second error.
        const [name = '', meant = ''] = glued.slice(1);
        if (seen.has(name)) continue;
        seen.add(name);
        pairs.push({
          key: { kind: 'scalar', text: name, plain: true, start, end: start + name.length },
          value: { kind: 'scalar', text: meant, plain: true, start: start + name.length + 1, end },
        });
        continue;
      }
      if (seen.has(key.text)) {
        this.faults.push({
          code: 'M013',
          message: `the key ${quoted(key.text)} stands twice in one mapping`,
          help: 'remove one of them',
          start,
          end,
        });
        continue;
      }
      seen.add(key.text);
      const value =
        item.value === null
          ? { kind: 'scalar' as const, text: '', plain: true, start: key.end, end: key.end }
          : this.convert(item.value, depth + 1);
      pairs.push({ key, value });
    }
    return pairs;
  }

  #alias(name: string, nothing: YamlScalar, depth: number): YamlTree {
    const target = this.#anchors.get(name);
    if (target === undefined)
      return this.#refuse(nothing, {
        code: 'M010',
        message: `no anchor &${name} stands before this alias`,
        help: 'put quotes around a value that starts with *',
      });
    if (this.#open.has(target))
      return this.#refuse(nothing, {
        code: 'M014',
        message: `the alias *${name} stands inside its own anchor`,
        help: 'write the value out',
      });
    this.#inAlias++;
    const tree = this.convert(target, depth + 1);
    this.#inAlias--;
    return { ...tree, start: nothing.start, end: nothing.end };
  }

  #refuse(nothing: YamlScalar, fault: ValueFault): YamlScalar {
    this.faults.push({ ...fault, start: nothing.start, end: nothing.end });
    return nothing;
  }
}

function hasExplicitTag(node: { tag?: string }): boolean {
  return !['tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq'].includes(node.tag ?? '') || Object.hasOwn(node, 'tag');
}

function rangeOf(node: unknown): [number, number] {
  const range = (node as { range?: Range | null } | null)?.range;
  return range === null || range === undefined ? [0, 0] : [range[0], range[1]];
}

/**
 * Finds brackets or indentation far deeper than any manifest, before the parser recurses into them. Blind to quotes and
 * comments, hence a bound that text cannot reach by accident.
 */
function nestingFault(text: string): YamlFault | null {
  const bound = 200;
  let brackets = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x5b || char === 0x7b) {
      if (++brackets > bound) return tooDeep(at);
    } else if ((char === 0x5d || char === 0x7d) && brackets > 0) {
      brackets--;
    } else if (char === 0x0a) {
      const dashes =
        text[at + 1] === ' ' || text[at + 1] === '-' || text[at + 1] === '?'
          ? /^[ ]*(?:[-?][ ]+){60}/u.exec(text.slice(at + 1, at + 1 + 2_000))
          : null;
      if (dashes !== null) return tooDeep(at + 1);
      if (text[at + 1] === ' ' && /^[ ]{600}/u.test(text.slice(at + 1, at + 601))) {
        if (/^[ ]{600,}[^\s#]/u.test(text.slice(at + 1, at + 20_000))) return tooDeep(at + 600);
      }
    }
  }
  return /^[ ]*(?:[-?][ ]+){60}/u.test(text.slice(0, 2_000)) ? tooDeep(0) : null;
}
function tooDeep(at: number): YamlFault {
  return {
    code: 'M016',
    message: 'the values are nested far too deeply from here on',
    help: 'look for a bracket that is not closed',
    start: at,
    end: at + 1,
  };
}
