import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlainYaml } from '../../manifests/plain-yaml.ts';
import { STARTER_CONFIG, STARTER_MANIFEST } from '../../manifests/starter.ts';
import { readFullYaml, type YamlTree } from '../../manifests/yaml-tree.ts';

/** Values and places; where a block collection ends is nobody's business. */
function shape(tree: YamlTree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return [tree.text, tree.plain, tree.start, tree.end];
    case 'list':
      return ['list', tree.start, tree.items.map(shape)];
    case 'map':
      return ['map', tree.start, tree.pairs.map((pair) => [shape(pair.key), shape(pair.value)])];
    default:
      return tree satisfies never;
  }
}

/** The law: what the fast reader reads, the full one reads alike and without a fault. Returns whether it read. */
function agree(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === null) return false;
  const full = readFullYaml(text);
  expect(full.faults).toEqual([]);
  expect(shape(plain)).toEqual(full.tree === null ? null : shape(full.tree));
  return true;
}

describe('the fast reader', () => {
  it.each([
    STARTER_MANIFEST,
    STARTER_CONFIG.replace('    # limits:', '    auth: api-key\n    # limits:'),
    'a: b\r\nc:\r\n- d: 1\r\n  e: "x # y"\r\n- f\r\n',
    'a: { 0: ana, "k": [x, \'y\', { z: https://a.example.com/b?c=d }] } # comment\nb: []\nc: {}\n',
    'a:\n  - b\n  -   c: d\n      e: f\n\n\n  - g # h\n# end\n',
    'a: it\'s "quoted" inside, [really] {so}\n',
    'a: 12:30\nb: a#b\nc: ~\n',
  ])('reads %j', (text) => expect(agree(text)).toBe(true));

  it.each([
    'a: b: c',
    'a:',
    'a: b\n  c',
    'a: [b',
    'a: {b:c}',
    'a: {b}',
    'a: b\na: c',
    '- - a',
    'a: "\\n"',
    "a: 'it''s'",
    'a: &x b',
    'a: |\n  b',
    '---\na: b',
    'a: [b,]',
    '? a\n: b',
    'a:\tb',
    '<<: a',
    'a: {<<: b}',
    'a:\n b: c\n  d: e',
    '"a": b',
    'a: "b" c',
    '%YAML 1.2',
    'a: [b: c]',
    ' a: b',
    'a: -b',
    'a\n',
  ])('leaves %j to the full one', (text) => expect(readPlainYaml(text)).toBeNull());

  it('agrees with the full reader on anything made of pieces of YAML', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      ' ',
      '  ',
      '\n',
      '\n  ',
      '\n    ',
      ': ',
      ':',
      '- ',
      '-',
      '{',
      '}',
      '[',
      ']',
      ', ',
      ',',
      '"',
      "'",
      '#',
      ' #',
      '0',
      '~',
      'x y',
      'https://a.example.com/b',
      '\r\n',
      '\n- ',
      '\n\n',
      '&',
      '*a',
      '!',
      '|',
      '>',
      '%',
      '?',
      'é',
      '.',
      '<<',
      '+1',
      '(',
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        if (agree(`k: ${pieces.join('')}`) || agree(pieces.join(''))) read++;
      }),
      { numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('agrees on documents that look like manifests, and reads most of them', () => {
    const word = fc.constantFrom(
      'ana',
      'sh010',
      '010',
      '"x: y"',
      "'#'",
      'a b',
      'https://a.example.com/x?y=1#z',
      '{ 0: ana, 1: bo }',
      '[a, b]',
      '{ all: x }',
      'it is # said',
      'a:b',
      '[{ c: d }, e]',
      '1e5',
      '{}',
      '[]',
      '{ a: "b, c" }',
      '{a: b,c: d}',
    );
    const key = fc.constantFrom('id', 'video', 'swap', 'x_a', 'note', '0', 'émile');
    const map = fc.uniqueArray(fc.tuple(key, word), { selector: ([name]) => name, minLength: 1, maxLength: 5 });
    let read = 0;
    let all = 0;
    fc.assert(
      fc.property(
        fc.array(map, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('', '  ', '    '),
        fc.constantFrom('\n', '\r\n'),
        (entries, indent, end) => {
          const items = entries.flatMap((entry) =>
            entry.map(([name, value], index) => `${indent}${index === 0 ? '- ' : '  '}${name}: ${value}`),
          );
          all++;
          if (agree(['version: 1', '# comment', 'items:', ...items, ''].join(end))) read++;
        },
      ),
    );
    expect(read / all).toBeGreaterThan(0.95);
  });

  it('agrees on the foreign corpus', () => {
    const corpus = join(import.meta.dirname, '../corpora');
    const files = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(50);
    for (const name of files) agree(readFileSync(join(corpus, name), 'utf8'));
  });
});
