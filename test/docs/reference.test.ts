import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configuredTarget, temporalConfigured } from '../../engine/connect.ts';
import { parseConfig } from '../../manifests/read-config.ts';
import { EXIT } from '../../schemas/exit-codes.ts';
import { FAILURE_CODES } from '../../schemas/failure-codes.ts';
import { MANIFEST_CODES } from '../../schemas/manifest-codes.ts';
import { ATTEMPT_STATES, BATCH_STATES, ITEM_STATES } from '../../schemas/states.ts';
import { OPERATIONS_PAGE } from '../../scripts/reference/codes.ts';
import { ENVIRONMENT } from '../../scripts/reference/environment.ts';
import { referencePages } from '../../scripts/reference/pages.ts';
import { ROOT } from './pages.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('the reference', () => {
  it('is what the program says of itself (else: node scripts/write-reference.ts)', async () => {
    for (const { path, text } of await referencePages()) expect(read(path), path).toBe(text);
  });

  it('has a section for every failure code', () => {
    const text = read('docs/reference/failure-codes.md');
    const found = text.matchAll(/^<a id="(.+)"><\/a>\n\n### (\S+ .+)$/gm);
    const sections = [...found].map(([, id = '', heading = '']) => `${id}: ${heading}`);
    const codes = [...Object.entries(FAILURE_CODES), ...Object.entries(MANIFEST_CODES)];
    const wanted = codes.map(([code, { title }]) => `${code.toLowerCase()}: ${code} ${title}`);
    expect(sections.toSorted()).toEqual(wanted.toSorted());
  });

  it('answers what to do about every failure code on a page of operations', () => {
    for (const code of Object.keys(FAILURE_CODES)) {
      const page = OPERATIONS_PAGE[code] ?? '';
      expect(read(`docs/operations/${page}.md`), `${page} does not speak of ${code}`).toContain(code);
    }
  });

  it('lists every exit code', () => {
    const rows = [...read('docs/reference/exit-codes.md').matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(rows).toEqual(Object.values(EXIT));
  });

  it('explains every state', () => {
    const text = read('docs/architecture.md');
    for (const state of [...ITEM_STATES, ...ATTEMPT_STATES, ...BATCH_STATES]) expect(text).toContain(`\`${state}\``);
  });

  it('names the variables that are read, and no others', async () => {
    const found = new Set<string>();
    const watched = new Proxy<Record<string, string | undefined>>(
      { TEMPORAL_ADDRESS: 'localhost:7233' },
      {
        get: (target, name) => {
          found.add(String(name));
          return target[String(name)];
        },
        ownKeys: (target) => Object.keys(target),
      },
    );
    parseConfig(null, 'headswap.yaml', watched);
    temporalConfigured({});
    await configuredTarget(watched);
    const told = ENVIRONMENT.map(({ name }) => name);
    for (const name of found) expect(told, `${name} is read, but not told`).toContain(name);
    const sources = ['cli/paint.ts', 'cli/screen.ts', 'operations/context.ts', 'engine/temporal-cli.ts'].map(read);
    for (const name of told) {
      const isRead = found.has(name) || sources.some((source) => source.includes(name));
      expect(isRead, `${name} is told, but not read`).toBe(true);
    }
  });
});
