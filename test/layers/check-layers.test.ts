import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findLayerViolations } from '../../scripts/find-layer-violations.ts';
import { LAYERS } from '../../scripts/layers.ts';
import { readSources } from '../../scripts/read-sources.ts';

const repository = join(import.meta.dirname, '../..');
const checker = join(repository, 'scripts/check-layers.ts');

let tree: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'layers-'));
  // A clean tree to plant into: without it a check that finds nothing at all would pass for one that finds nothing wrong.
  plant('schemas/states.ts', 'export const STATES = [1];\nexport interface State { readonly n: number }');
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function plant(file: string, text: string): void {
  mkdirSync(dirname(join(tree, file)), { recursive: true });
  writeFileSync(join(tree, file), `${text}\n`);
}

function check(): string[] {
  return findLayerViolations(readSources(tree)).map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

function runProgram(root: string): { status: number | null; said: string } {
  const run = spawnSync(process.execPath, [checker, root], { encoding: 'utf8' });
  return { status: run.status, said: run.stdout + run.stderr };
}

describe('the program', () => {
  test('passes this repository, having read its files', () => {
    expect(runProgram(repository)).toEqual({ status: 0, said: expect.stringMatching(/^layers: \d+ files keep/) });
    const scanned = new Set([...readSources(repository).keys()].map((file) => file.split('/')[0]));
    for (const folder of ['schemas', 'engine', 'scripts', 'test']) expect(scanned).toContain(folder);
  });

  test('exits 1 and names file, line and rule of a planted violation', () => {
    plant('engine/x.ts', "\nimport '../ledger/y.ts';");
    const said = 'engine/x.ts:2: engine/ may not import ledger/ (../ledger/y.ts)\n';
    expect(runProgram(tree)).toEqual({ status: 1, said });
  });

  test('calls an empty tree a check in the wrong place, not a clean bill', () => {
    rmSync(join(tree, 'schemas'), { recursive: true });
    expect(runProgram(tree).status).toBe(1);
  });
});

describe('a planted violation fails:', () => {
  const planted: readonly [what: string, file: string, text: string, message: string][] = [
    [
      'a value import against the table',
      'ledger/x.ts',
      "import { y } from '../engine/y.ts';",
      'ledger/ may not import engine/',
    ],
    [
      'a type import against the table',
      'akool/x.ts',
      "import type { S } from '../schemas/states.ts';",
      'akool/ may not',
    ],
    ['a re-export', 'report/x.ts', "export { y } from '../ledger/y.ts';", 'report/ may not import ledger/'],
    ['export *', 'report/x.ts', "export * from '../ledger/y.ts';", 'report/ may not import ledger/'],
    [
      'a dynamic import',
      'storage/x.ts',
      "export const y = import('../ledger/y.ts');",
      'storage/ may not import ledger/',
    ],
    [
      'a dynamic import in a template',
      'storage/x.ts',
      'export const y = import(`../ledger/y.ts`);',
      'storage/ may not',
    ],
    ['an import of a computed path', 'storage/x.ts', 'export const y = (p: string) => import(p);', 'computed path'],
    ['an import type expression', 'engine/x.ts', "export type Y = import('../ledger/y.ts').Y;", 'engine/ may not'],
    ['sources in a folder without a rule', 'helpers/x.ts', 'export const x = 1;', 'helpers/ has no rule'],
    ['the program importing tests', 'engine/x.ts', "import '../test/setup/x.ts';", 'engine/ may not import test/'],
    [
      'workflows loading activities',
      'workflows/x.ts',
      "import { a } from '../activities/a.ts';",
      'only types of activities/',
    ],
    [
      'workflows loading activities for a type in braces',
      'workflows/x.ts',
      "import { type A } from '../activities/a.ts';",
      'only types of activities/',
    ],
    ['workflows loading Node', 'workflows/x.ts', "import { join } from 'node:path';", 'the Node module node:path'],
    ['workflows loading Node, old style', 'workflows/x.ts', "import { join } from 'path';", 'the Node module path'],
    ['workflows loading a validator', 'workflows/x.ts', "import { Type } from 'typebox';", 'the package typebox'],
    [
      'operations starting workflows',
      'operations/x.ts',
      "import { b } from '../workflows/b.ts';",
      'only types of workflows/',
    ],
    [
      'a command starting a worker',
      'cli/commands/run.ts',
      "import '../../worker/start.ts';",
      'cli/ may not import worker/',
    ],
    [
      'a command reading the ledger',
      'cli/commands/status.ts',
      "import { batchRow } from '../../ledger/status-queries.ts';",
      'cli/ may not import ledger/',
    ],
    [
      'a command asking Temporal',
      'cli/commands/watch.ts',
      "import { Client } from '@temporalio/client';",
      'cli/ may not import @temporalio/client: what it does belongs to operations/',
    ],
    [
      'a type of the client in a command',
      'cli/x.ts',
      "import type { Client } from '@temporalio/client';",
      'cli/ may not',
    ],
    ['a command opening a database', 'cli/x.ts', "import { sql } from 'kysely';", 'cli/ may not import kysely'],
    [
      'the emulator using the client',
      'emulator/x.ts',
      "import '../akool/client.ts';",
      'may not import akool/client.ts',
    ],
    ['process.env', 'engine/x.ts', "export const e = process.env['HOME'];", 'process.env'],
    ['process.env by index', 'engine/x.ts', "export const e = process['env'];", 'process.env'],
    ['process.argv', 'cli/args.ts', 'export const a = process.argv;', 'process.argv'],
    ['process.exit', 'cli/commands/run.ts', 'process.exit(1);', 'process.exit'],
    ['a signal handler', 'worker/x.ts', "process.on('SIGINT', () => {});", 'process.on'],
    ['process taken apart', 'worker/x.ts', 'export const { env } = process;', '`process` itself'],
    ['process imported', 'worker/x.ts', "import { env } from 'node:process'; void env;", '`process` itself'],
    ['process by way of globalThis', 'worker/x.ts', 'export const e = globalThis.process;', '`process` itself'],
  ];

  test.each(planted)('%s', (_what, file, text, message) => {
    plant(file, text);
    expect(check()).toContainEqual(expect.stringMatching(`^${file}:1: `));
    expect(check().join('\n')).toContain(message);
  });

  test('a validator that workflows load by way of schemas', () => {
    plant('workflows/x.ts', "import { S } from '../schemas/shape.ts'; void S;");
    plant('schemas/shape.ts', "import { Type } from 'typebox'; export const S = Type.String();");
    expect(check().join()).toContain('schemas/shape.ts:1: workflows/ would load the package typebox');
  });

  test('folders in a circle, whatever else is allowed', () => {
    plant('cli/main.ts', "await import('../web/main.ts');");
    plant('web/main.ts', "import '../cli/main.ts';");
    expect(check().join()).toContain('folders in a circle: cli -> web -> cli');
  });
});

describe('what the table allows passes:', () => {
  const allowed: readonly [what: string, file: string, text: string][] = [
    [
      'schemas, from every folder that may',
      'ledger/x.ts',
      "import { STATES } from '../schemas/states.ts'; void STATES;",
    ],
    [
      'types of activities in workflows',
      'workflows/x.ts',
      "import type { A } from '../activities/a.ts'; export type B = A;",
    ],
    ['the SDK in workflows', 'workflows/x.ts', "import { sleep } from '@temporalio/workflow'; void sleep;"],
    ['a Node module where no rule restricts', 'engine/x.ts', "import { join } from 'node:path'; void join;"],
    ['parts that a main starts', 'cli/main.ts', "await import('../worker/main.ts'); process.exitCode = 1;"],
    [
      'harmless members of process',
      'engine/x.ts',
      'export const p = process.pid; export const o = { process: 1 }; void o.process;',
    ],
  ];

  test.each(allowed)('%s', (_what, file, text) => {
    plant(file, text);
    expect(readSources(tree).size).toBe(2);
    expect(check()).toEqual([]);
  });
});

test('the table has no circle of its own', () => {
  const done = new Set<string>();
  const visit = (folder: string, path: readonly string[]): void => {
    expect(path).not.toContain(folder);
    if (done.has(folder)) return;
    for (const next of Object.keys(LAYERS[folder]?.may ?? {})) visit(next, [...path, folder]);
    done.add(folder);
  };
  for (const folder of Object.keys(LAYERS)) visit(folder, []);
  expect(done.size).toBe(Object.keys(LAYERS).length);
});
