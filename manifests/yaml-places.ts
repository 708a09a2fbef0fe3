import type { Fault } from './fault.ts';
import { excerptOf, type Place } from './problem-list.ts';
import { escapePointer } from './schema-faults.ts';
import { pairOf } from './yaml-data.ts';
import type { YamlTree } from './yaml-tree.ts';

/** Turns offsets of a text into lines and columns. The index of lines is built only when the first problem asks. */
export class YamlPlaces {
  readonly file: string;
  readonly #text: string;
  #lineStarts: number[] | null = null;

  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
  }

  at(start: number, end: number, path: string): Place {
    const lineStart = this.#lineStart(start);
    const newline = this.#text.indexOf('\n', lineStart);
    const line = this.#text.slice(lineStart, newline === -1 ? undefined : newline).replace(/\r$/u, '');
    const from = Math.min(start - lineStart, line.length);
    return {
      file: this.file,
      line: this.lineOf(start),
      column: from + 1,
      path,
      cell: null,
      excerpt: excerptOf(line, from, Math.max(1, end - start)),
    };
  }

  lineOf(offset: number): number {
    this.#lineStart(offset);
    return this.#index(offset) + 1;
  }

  /** The place of a fault in an entry: the value of its field, a pair of its mapping, or the entry itself. */
  ofFault(entry: YamlTree, path: string, fault: Fault, precise = true): Place {
    if (entry.kind !== 'map' || fault.field === null) return this.at(entry.start, entry.start + 1, path);
    const pair = pairOf(entry, fault.field);
    if (pair === null) return this.at(entry.start, entry.start + 1, path);
    const fieldPath = `${path}/${escapePointer(fault.field)}`;
    let value: YamlTree = pair.value;
    if (fault.pair !== undefined && value.kind === 'map') {
      const inner = value.pairs[fault.pair];
      if (inner !== undefined) value = fault.key === true ? inner.key : inner.value;
      const innerPath = `${fieldPath}/${escapePointer(inner?.key.text ?? '')}`;
      return this.#part(value, innerPath, fault, precise);
    }
    return this.#part(value, fieldPath, fault, precise);
  }

  #part(value: YamlTree, path: string, fault: Fault, precise: boolean): Place {
    const oneLine = value.kind === 'scalar' && !this.#text.slice(value.start, value.end).includes('\n');
    if (!precise || fault.from === undefined || !oneLine) return this.at(value.start, value.end, path);
    const quote = /["']/u.test(this.#text[value.start] ?? '') ? 1 : 0;
    const start = Math.min(value.end, value.start + quote + fault.from);
    return this.at(start, Math.min(value.end, start + (fault.length ?? 1)), path);
  }

  #lineStart(offset: number): number {
    return this.#starts()[this.#index(offset)] ?? 0;
  }

  #index(offset: number): number {
    const starts = this.#starts();
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #starts(): number[] {
    if (this.#lineStarts !== null) return this.#lineStarts;
    const starts = [0];
    for (let at = this.#text.indexOf('\n'); at !== -1; at = this.#text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
    return starts;
  }
}
