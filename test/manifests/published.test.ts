import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../manifests/read-config.ts';
import { readManifest } from '../../manifests/read-manifest.ts';
import { ruleKey } from '../../manifests/identity.ts';
import { STARTER_CONFIG, STARTER_FILES, STARTER_MANIFEST } from '../../manifests/starter.ts';
import { MANIFEST_CODES, WARNING_CODES } from '../../schemas/manifest-codes.ts';
import { generatedFiles } from '../../scripts/schema-files.ts';
import { CONFIG, folderWith, readFiles } from './manifest-folder.ts';

const root = join(import.meta.dirname, '../..');

describe('generated files', () => {
  it.each(generatedFiles())('$path is current (else: node scripts/write-schemas.ts)', ({ path, text }) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text);
  });
  it.each(generatedFiles().filter(({ path }) => path.endsWith('.json')))(
    '$path: draft-07, nothing that editors do not know',
    ({ text }) => {
      const schema = JSON.parse(text) as Record<string, unknown>;
      expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#');
      expect(text).not.toMatch(/"(prefixItems|unevaluatedProperties|\$dynamicRef|\$defs)"/u);
      expect(() => new Ajv({ strict: false }).compile(schema)).not.toThrow();
    },
  );
  it('describes every field of a manifest', () => {
    const { properties } = JSON.parse(readFileSync(join(root, 'schemas/manifest.schema.json'), 'utf8')) as {
      properties: Record<string, { description?: string }>;
    };
    for (const [name, field] of Object.entries(properties)) expect(field.description, name).toBeTruthy();
  });
});

describe('starter files', () => {
  it('are read without a word, and the sheet is the twin of the manifest', async () => {
    const cwd = folderWith(Object.fromEntries(STARTER_FILES.map((file) => [file.name, file.text])));
    const read = async (file: string) => readManifest({ file, cwd, config: CONFIG });
    const [yaml, sheet] = [await read('manifest.yaml'), await read('manifest.csv')];
    for (const reading of [yaml, sheet]) expect([reading.problems, reading.warnings]).toEqual([[], []]);
    const keys = (reading: typeof yaml) =>
      reading.manifest?.items.map((item) => [item.id, ruleKey({ name: 'default', baseUrl: 'x' }, item)]);
    expect(keys(sheet)).toEqual(keys(yaml));
    expect(yaml.manifest?.items.length).toBeGreaterThan(2);
  });
  it('fit the published schemas', () => {
    const schema = (name: string) =>
      new Ajv({ strict: false }).compile(
        JSON.parse(readFileSync(join(root, `schemas/${name}.schema.json`), 'utf8')) as object,
      );
    expect(schema('manifest')(parse(STARTER_MANIFEST))).toBe(true);
    expect(schema('config')(parse(STARTER_CONFIG))).toBe(true);
  });
  it('configure', () => {
    const { config, problems } = parseConfig(STARTER_CONFIG, 'headswap.yaml', {});
    expect(problems).toEqual([]);
    expect(config?.defaults.resolution).toBe('720p');
  });
});

describe('docs/manifest.md', () => {
  const text = readFileSync(join(root, 'docs/manifest.md'), 'utf8');
  const blocks = (language: string) =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'gu'))].map((match) => match[1] ?? '');
  it.each(blocks('yaml'))('its YAML is read without a word', async (block) => {
    const reading = await readFiles({ 'doc.yaml': block });
    expect([reading.problems, reading.warnings]).toEqual([[], []]);
  });
  it.each(blocks('csv').filter((block) => block.startsWith('id,')))(
    'its sheets are read without a word',
    async (block) => {
      const reading = await readFiles({ 'doc.csv': block });
      expect([reading.problems, reading.warnings]).toEqual([[], []]);
    },
  );
  it('has examples', () => expect([blocks('yaml').length, blocks('csv').length]).toEqual([2, 3]));
});

it('every code has words, and warnings are codes', () => {
  for (const [code, text] of Object.entries(MANIFEST_CODES))
    for (const part of [text.title, text.explanation, text.cure]) expect(part.length, code).toBeGreaterThan(1);
  for (const code of WARNING_CODES) expect(Object.keys(MANIFEST_CODES)).toContain(code);
});
