import type { YamlList, YamlMap, YamlScalar, YamlTree } from './yaml-tree.ts';

/**
 * A fast reader for the YAML that manifests are made of: block mappings and lists, one-line flow collections, one-line
 * scalars without escapes. It is twenty times faster than a full parser, and gives up (null) at the first thing that is not
 * certainly in that subset; the full parser then has the word, also on errors. A property test holds the two together.
 */
export function readPlainYaml(text: string): YamlTree | null {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u00a0\u2028\u2029\ufeff]|\r(?!\n)/u.test(text)) return null;
  try {
    return new PlainReader(text).document();
  } catch (error) {
    if (error instanceof NotPlain) return null;
    throw error;
  }
}

class NotPlain extends Error {}
const notPlain = new NotPlain();
function giveUp(): never {
  throw notPlain;
}

interface Line {
  indent: number;
  /** Where its content starts in the text. */
  start: number;
  content: string;
}

const MAX_DEPTH = 20;
const KEY = /^([\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]*):(?: +|$)/u;
const COMMENT_OR_END = /^ *(?:$| #)/u;
const PLAIN_START = /^[\p{L}\p{N}_/.~+($]/u;
const DOUBLE_QUOTED = /^"([^"\\]*)"/u;
const SINGLE_QUOTED = /^'([^']*)'/u;
const FLOW_PLAIN = /^[\p{L}\p{N}_/.~+($][^,[\]{}#"'\n]*/u;

class PlainReader {
  readonly #lines: Line[] = [];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    for (let at = 0; at < text.length;) {
      let end = text.indexOf('\n', at);
      if (end === -1) end = text.length;
      let start = at;
      while (start < end && text.charCodeAt(start) === 0x20) start++;
      const content = text.slice(start, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
      if (content !== '' && !content.startsWith('#')) this.#lines.push({ indent: start - at, start, content });
      at = end + 1;
    }
  }

  document(): YamlTree {
    const first = this.#lines[0];
    if (first === undefined || first.indent !== 0) return giveUp();
    const tree = this.#block(0);
    return this.#next === this.#lines.length ? tree : giveUp();
  }

  #block(indent: number): YamlTree {
    if (++this.#depth > MAX_DEPTH) giveUp();
    const line = this.#lines[this.#next];
    const tree = line?.content.startsWith('- ') === true ? this.#list(indent) : this.#map(indent);
    this.#depth--;
    return tree;
  }

  #map(indent: number): YamlMap {
    const pairs: { key: YamlScalar; value: YamlTree }[] = [];
    const seen = new Set<string>();
    const start = this.#lines[this.#next]?.start ?? 0;
    for (
      let line = this.#lines[this.#next];
      line !== undefined && line.indent >= indent;
      line = this.#lines[this.#next]
    ) {
      if (line.indent > indent) giveUp();
      // A list at the column of the key before it has been read with that key.
      if (line.content.startsWith('- ')) {
        if (pairs.length === 0) giveUp();
        break;
      }
      const match = KEY.exec(line.content);
      if (match === null) return giveUp();
      const [whole, name = ''] = match;
      if (seen.has(name)) giveUp();
      seen.add(name);
      const key: YamlScalar = {
        kind: 'scalar',
        text: name,
        plain: true,
        start: line.start,
        end: line.start + name.length,
      };
      pairs.push({ key, value: this.#value(line.content.slice(whole.length), line.start + whole.length, indent) });
    }
    return { kind: 'map', pairs, start, end: pairs.at(-1)?.value.end ?? start };
  }

  /** What stands behind a key: on its line, or as a block below it. */
  #value(rest: string, start: number, indent: number): YamlTree {
    this.#next++;
    const below = this.#lines[this.#next];
    if (rest !== '' && !rest.startsWith('#')) {
      if (below !== undefined && below.indent > indent) giveUp();
      return inline(rest, start);
    }
    if (below === undefined) return giveUp();
    if (below.indent > indent) return this.#block(below.indent);
    return below.indent === indent && below.content.startsWith('- ') ? this.#block(indent) : giveUp();
  }

  #list(indent: number): YamlList {
    const items: YamlTree[] = [];
    const start = this.#lines[this.#next]?.start ?? 0;
    for (
      let line = this.#lines[this.#next];
      line !== undefined && line.indent >= indent;
      line = this.#lines[this.#next]
    ) {
      if (line.indent > indent) giveUp();
      if (!line.content.startsWith('- ')) break;
      const rest = line.content.slice(2).trimStart();
      const shift = line.content.length - rest.length;
      if (rest === '' || rest.startsWith('#') || rest.startsWith('- ')) giveUp();
      if (KEY.test(rest)) {
        // The mapping that begins behind the dash, seen as a line of its own.
        line.indent += shift;
        line.start += shift;
        line.content = rest;
        items.push(this.#block(line.indent));
      } else {
        this.#next++;
        const below = this.#lines[this.#next];
        if (below !== undefined && below.indent > indent) giveUp();
        items.push(inline(rest, line.start + shift));
      }
    }
    return { kind: 'list', items, start, end: items.at(-1)?.end ?? start };
  }
}

/** A value on one line of a block, up to its comment. */
function inline(text: string, start: number): YamlTree {
  const first = text[0];
  if (first === '{' || first === '[') {
    const flow = new FlowReader(text, start);
    const tree = flow.value(0);
    return COMMENT_OR_END.test(text.slice(flow.at)) ? tree : giveUp();
  }
  const quoted = first === '"' ? DOUBLE_QUOTED.exec(text) : first === "'" ? SINGLE_QUOTED.exec(text) : null;
  if (quoted !== null) {
    if (!COMMENT_OR_END.test(text.slice(quoted[0].length))) giveUp();
    return { kind: 'scalar', text: quoted[1] ?? '', plain: false, start, end: start + quoted[0].length };
  }
  if (!PLAIN_START.test(text)) giveUp();
  const comment = text.indexOf(' #');
  const plain = (comment === -1 ? text : text.slice(0, comment)).trimEnd();
  if (/:(?: |$)/u.test(plain)) giveUp();
  return { kind: 'scalar', text: plain, plain: true, start, end: start + plain.length };
}

/** `{ a: b }` and `[a, b]` on one line. */
class FlowReader {
  at = 0;
  readonly #text: string;
  readonly #start: number;

  constructor(text: string, start: number) {
    this.#text = text;
    this.#start = start;
  }

  value(depth: number): YamlTree {
    if (depth > MAX_DEPTH) giveUp();
    const open = this.#text[this.at];
    if (open === '{') return this.#map(depth);
    return open === '[' ? this.#list(depth) : this.#scalar(false);
  }

  #map(depth: number): YamlMap {
    const start = this.#start + this.at;
    const pairs: { key: YamlScalar; value: YamlTree }[] = [];
    const seen = new Set<string>();
    this.#open();
    while (this.#text[this.at] !== '}') {
      if (pairs.length > 0) this.#comma();
      const key = this.#scalar(true);
      if (seen.has(key.text) || key.text === '<<') giveUp();
      seen.add(key.text);
      if (!this.#text.startsWith(': ', this.at)) giveUp();
      this.at += 2;
      this.#blanks();
      pairs.push({ key, value: this.value(depth + 1) });
      this.#blanks();
    }
    this.at++;
    return { kind: 'map', pairs, start, end: this.#start + this.at };
  }

  #list(depth: number): YamlList {
    const start = this.#start + this.at;
    const items: YamlTree[] = [];
    this.#open();
    while (this.#text[this.at] !== ']') {
      if (items.length > 0) this.#comma();
      items.push(this.value(depth + 1));
      this.#blanks();
    }
    this.at++;
    return { kind: 'list', items, start, end: this.#start + this.at };
  }

  #scalar(isKey: boolean): YamlScalar {
    const rest = this.#text.slice(this.at);
    const start = this.#start + this.at;
    const quoted = DOUBLE_QUOTED.exec(rest) ?? SINGLE_QUOTED.exec(rest);
    if (quoted !== null) {
      this.at += quoted[0].length;
      // A quoted text followed by a colon would be a key, where none belongs.
      if (!isKey && /^ *[:#]/u.test(this.#text.slice(this.at))) giveUp();
      return { kind: 'scalar', text: quoted[1] ?? '', plain: false, start, end: this.#start + this.at };
    }
    const whole = FLOW_PLAIN.exec(rest)?.[0] ?? giveUp();
    const colon = /:(?: |$)/u.exec(whole);
    if (isKey !== (colon !== null)) giveUp();
    const plain = (colon === null ? whole : whole.slice(0, colon.index)).trimEnd();
    if (isKey && plain.length !== colon?.index) giveUp();
    this.at += plain.length;
    // What stopped a plain text has to be the end of the value, not a quote or comment sign inside it.
    if (!isKey && !/^ *[,\]}]/u.test(this.#text.slice(this.at))) giveUp();
    return { kind: 'scalar', text: plain, plain: true, start, end: start + plain.length };
  }

  #open(): void {
    this.at++;
    this.#blanks();
  }
  #comma(): void {
    if (this.#text[this.at] !== ',') giveUp();
    this.at++;
    this.#blanks();
  }
  #blanks(): void {
    while (this.#text[this.at] === ' ') this.at++;
  }
}
