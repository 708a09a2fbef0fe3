import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readManifest } from '../../manifests/read-manifest.ts';
import { toData } from '../../manifests/yaml-data.ts';
import { readYamlTree } from '../../manifests/yaml-tree.ts';
import { CONFIG } from './manifest-folder.ts';

const corpus = join(import.meta.dirname, '../corpora');
interface Entry {
  file: string;
  name: string;
  expect: string;
  json_documents?: unknown[];
}
const index = JSON.parse(readFileSync(join(corpus, 'yaml/index.json'), 'utf8')) as Entry[];
const text = (entry: Entry) => readFileSync(join(corpus, 'yaml', entry.file), 'utf8');

/** Valid YAML that no manifest needs, and that is refused by design: with a code of its own. */
const REFUSED: Record<string, string> = {
  'yaml-test-suite/X38W.yaml': 'M019',
  'yaml-test-suite/2JQS.yaml': 'M013',
  'yaml-test-suite/C4HZ.yaml': 'M012',
  'yaml-test-suite/M7A3.yaml': 'M018',
  'eemeli-yaml/circular-reference.yaml': 'M014',
  'eemeli-yaml/circular-merge.yaml': 'M011',
  'eemeli-yaml/merge-non-map-alias.yaml': 'M011',
  'eemeli-yaml/merge-multiple.yaml': 'M011',
  'eemeli-yaml/merge-key-twice.yaml': 'M011',
  'go-yaml/alias-bomb-9x9.yaml': 'M015',
  'go-yaml/merge-spec.yaml': 'M011',
  'go-yaml/merge-nested.yaml': 'M011',
};

describe('foreign YAML', () => {
  it('has its corpus', () => expect(index.length).toBeGreaterThan(50));

  it.each(index.filter((entry) => entry.expect === 'error'))('$file: $name: an error with a place', (entry) => {
    const { tree, faults } = readYamlTree(text(entry));
    expect(tree).toBeNull();
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault.start).toBeLessThanOrEqual(text(entry).length);
  });

  it.each(index.filter((entry) => REFUSED[entry.file] !== undefined))('$file: $name: refused by design', (entry) => {
    expect(readYamlTree(text(entry)).faults.map((fault) => fault.code)).toContain(REFUSED[entry.file]);
  });

  it.each(
    index.filter(
      (entry) => entry.expect === 'valid' && REFUSED[entry.file] === undefined && entry.json_documents?.length === 1,
    ),
  )('$file: $name: its value', (entry) => {
    const { tree, faults } = readYamlTree(text(entry));
    expect(faults).toEqual([]);
    const asWritten = JSON.parse(JSON.stringify(entry.json_documents?.[0]), (_key, value: unknown) =>
      typeof value === 'number' ? String(value) : value,
    ) as unknown;
    expect(tree === null ? null : toData(tree, new Set())).toEqual(asWritten);
  });

  it.each(index)('$file as a manifest: refused with a place, never thrown', async (entry) => {
    const reading = await readManifest({ file: join(corpus, 'yaml', entry.file), cwd: '/', config: CONFIG });
    expect(reading.manifest).toBeNull();
    expect(reading.problems[0]?.line).toBeGreaterThan(0);
  });

  const studio = join(corpus, 'manifests/deadline-cloud-samples');
  it.each(readdirSync(studio))('a file of a render farm, %s, is told apart from a manifest', async (name) => {
    const reading = await readManifest({ file: join(studio, name), cwd: '/', config: CONFIG });
    expect(reading.manifest).toBeNull();
    expect(reading.problems.every((problem) => problem.line > 0 && problem.code !== 'M010')).toBe(true);
  });
});
