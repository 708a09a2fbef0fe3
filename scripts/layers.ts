/**
 * Who may import whom, as `docs/` tells it to people and scripts/check-layers.ts enforces it. A folder that is not named
 * here may not hold sources. `types`: only by `import type`, which leaves no trace at run time.
 */
export type Reach = 'values' | 'types';

export interface LayerRule {
  /** Other folders this one may import, and how. */
  readonly may: Readonly<Record<string, Reach>>;
  /** What its `main.ts` may import besides: the parts a command starts. */
  readonly mainMay?: Readonly<Record<string, Reach>>;
  /** Only these files of a folder may be imported, where a whole folder would be too much. */
  readonly onlyFiles?: Readonly<Record<string, RegExp>>;
  /**
   * The only packages this folder's code may load at run time, counting what its imports load in turn. Unset: any, Node's
   * own modules too.
   */
  readonly packagesAtRunTime?: readonly string[];
  /** Packages that this folder's files may not name themselves, nor their types: what they do belongs to another folder. */
  readonly notPackages?: RegExp;
}

const values = (...folders: string[]): Record<string, Reach> =>
  Object.fromEntries(folders.map((folder) => [folder, 'values']));

const schemasOnly: LayerRule = { may: values('schemas') };
const started = values('worker', 'web', 'emulator');
/** The Temporal client and the databases: commands and routes call operations, and hold no logic of their own. */
const notEngineOrLedger = /^(@temporalio\/.*|kysely|pg|node:sqlite)$/;

export const LAYERS: Readonly<Record<string, LayerRule>> = {
  schemas: { may: {} },
  akool: { may: {} },
  egress: { may: {} },
  manifests: schemasOnly,
  ledger: schemasOnly,
  storage: schemasOnly,
  report: schemasOnly,
  engine: schemasOnly,
  emulator: {
    may: values('akool'),
    // The emulator is the oracle in tests: sharing more than shapes and signer would share the client's mistakes.
    onlyFiles: { akool: /^akool\/(.*wire.*|.*sign.*|.*callback.*)\.ts$/ },
  },
  activities: { may: values('schemas', 'manifests', 'akool', 'egress', 'ledger', 'storage', 'report') },
  workflows: {
    may: { schemas: 'values', activities: 'types' },
    // They run in a sandbox and are replayed: no Node module, no validation library.
    packagesAtRunTime: ['@temporalio/workflow', '@temporalio/common'],
  },
  operations: {
    may: {
      ...values('schemas', 'manifests', 'akool', 'egress', 'ledger', 'report', 'storage', 'engine'),
      workflows: 'types',
    },
  },
  worker: {
    may: values(
      'schemas',
      'manifests',
      'akool',
      'egress',
      'ledger',
      'storage',
      'report',
      'engine',
      'operations',
      'activities',
      'workflows',
    ),
  },
  cli: { may: values('operations', 'schemas', 'report'), mainMay: started, notPackages: notEngineOrLedger },
  web: { may: values('operations', 'schemas', 'report'), mainMay: started, notPackages: notEngineOrLedger },
};

/** Folders with sources that may import anything, and that nothing of the program may import. */
export const OUTSIDE = ['test', 'scripts', 'bench', 'docs', 'deploy'] as const;

/** What only a `main.ts` may touch of `process`: everything else is told these things, so that it can be tested. */
export const PROCESS_MEMBERS_OF_MAIN: ReadonlySet<string> = new Set([
  'env',
  'argv',
  'argv0',
  'execArgv',
  'cwd',
  'chdir',
  'exit',
  'exitCode',
  'abort',
  'reallyExit',
  'on',
  'once',
  'off',
  'addListener',
  'prependListener',
  'removeListener',
  'removeAllListeners',
]);
