/** A batch as a ledger would tell it, with one item of every kind that a report has to say something about. */
import type { Face, ManifestItem } from '../../schemas/manifest-item.ts';
import type { AttemptFact, ItemFact, OutputFact, ReportFacts, TaskFact } from '../../report/report-facts.ts';

export const T0 = Date.UTC(2026, 10, 23, 8, 0, 1);
const SECOND = 1000;

export const ana: Face = {
  name: 'ana',
  url: 'https://media.example.com/faces/ana.jpg?X-Amz-Signature=5f0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8',
  consent: 'C-2026-0142',
  until: '2027-03-31',
};
export const bo: Face = {
  name: 'bo',
  url: 'https://media.example.com/faces/bo.jpg',
  consent: 'C-2026-0143',
  until: '2026-12-05',
};

const base: Pick<ManifestItem, 'project' | 'note' | 'check' | 'whenPeopleDiffer' | 'x' | 'settings' | 'cells'> = {
  project: 'nordlys',
  note: null,
  check: null,
  whenPeopleDiffer: 'wait',
  x: {},
  settings: { resolution: '720p', model: 'akool-premium', keepOriginalSound: true, templateId: null },
  cells: null,
};

export interface Built {
  readonly item: ItemFact;
  readonly attempts: readonly AttemptFact[];
  readonly tasks: readonly TaskFact[];
  readonly output: OutputFact | null;
}

/** An item, done unless changed; `n` spreads it over time and gives it its line. */
export function doneItem(id: string, n: number, changes: Partial<ItemFact> = {}): Built {
  const analysed = T0 + n * 2 * SECOND;
  const sent = analysed + (14 + (n % 7)) * SECOND;
  const settled = sent + (95 + ((n * 37) % 60)) * SECOND;
  const people = [{ objId: 0, previewUrl: `https://cdn.example-vendor.com/previews/${id}-0.jpg` }];
  const item: ItemFact = {
    ...base,
    id,
    file: 'shots.csv',
    line: n + 2,
    video: `https://media.example.com/plates/${id}.mp4?X-Amz-Date=20261123T080000Z&X-Amz-Signature=9d8c7b6a5f4e3d2c1b0a`,
    rule: 'ana',
    swap: { kind: 'only', face: ana },
    outputKey: `spring/${id}.mp4`,
    state: 'done',
    heldBy: null,
    reason: null,
    mappings: [{ objId: 0, face: 'ana', url: ana.url, consent: ana.consent, until: ana.until }],
    people,
    analysedAtMs: { sent: analysed, ended: analysed + (9 + (n % 5)) * SECOND },
    reusedFrom: null,
    ...changes,
  };
  const taskId = `6927${String(n).padStart(4, '0')}c3d4e5f60718293a`;
  return {
    item,
    attempts: [
      {
        item: id,
        n: 1,
        state: 'settled',
        held: 100,
        charged: 15,
        sentAtMs: sent,
        settledAtMs: settled,
        approvedBy: null,
      },
    ],
    tasks: [{ item: id, attempt: 1, taskId, orphan: false, charged: 15, url: null, seenAtMs: sent }],
    output: {
      item: id,
      url: `https://cdn.example-vendor.com/out/${taskId}.mp4?Expires=1766400000&Signature=abc`,
      file: `spring/${id}.mp4`,
      bytes: 8_400_000 + n,
      sha256: 'a3f1'.repeat(16),
      media: 'video/mp4',
      atMs: settled + (3 + (n % 4)) * SECOND,
    },
  };
}

const unsent = (id: string, n: number, changes: Partial<ItemFact>): Built => ({
  ...doneItem(id, n, changes),
  attempts: [],
  tasks: [],
  output: null,
});

const reason = (code: string, message: string, next: string, vendor: string | null = null) => ({
  code,
  message,
  vendor,
  next,
});

/** The kinds that are not plainly done. */
export function troubledItems(n: number): Built[] {
  const failed = doneItem('sh014', n, {
    state: 'failed',
    reason: reason(
      'P105',
      'task failed',
      '`headswap resume spring-campaign-fr sh014` creates (and pays) it once more.',
      'face not clear enough in <frame> 12 & 13',
    ),
  });
  const uncertain = doneItem('sh027', n + 1, {
    state: 'uncertain',
    reason: reason(
      'U101',
      'answer lost',
      '`headswap resolve spring-campaign-fr sh027` after a look into the vendor console.',
    ),
  });
  const lost = doneItem('sh033', n + 2, {
    state: 'failed',
    reason: reason('N102', 'paid but lost', 'Ask the vendor with the task id for the file or a refund.'),
  });
  const again = doneItem('sh040', n + 3, { note: 'first answer was lost, paid again on request' });
  return [
    {
      ...failed,
      attempts: failed.attempts.map((a) => ({ ...a, charged: 0 })),
      tasks: failed.tasks.map((t) => ({ ...t, charged: 0 })),
      output: null,
    },
    {
      ...uncertain,
      attempts: uncertain.attempts.map((a) => ({
        ...a,
        state: 'uncertain' as const,
        charged: null,
        settledAtMs: null,
      })),
      tasks: [],
      output: null,
    },
    {
      ...lost,
      output: lost.output === null ? null : { ...lost.output, file: null, bytes: null, sha256: null, media: null },
    },
    {
      ...again,
      attempts: [
        {
          item: 'sh040',
          n: 1,
          state: 'abandoned',
          held: 100,
          charged: null,
          sentAtMs: T0 + 5_000,
          settledAtMs: null,
          approvedBy: null,
        },
        ...again.attempts.map((a) => ({ ...a, n: 2, approvedBy: 'mira@studio' })),
      ],
      tasks: [
        {
          item: 'sh040',
          attempt: 1,
          taskId: 'orphan-task-1',
          orphan: true,
          charged: 15,
          url: null,
          seenAtMs: T0 + 900_000,
        },
        ...again.tasks.map((t) => ({ ...t, attempt: 2 })),
      ],
    },
    unsent('sh041', n + 4, { state: 'done', reusedFrom: 'spring-test/sh041' }),
    unsent('sh042', n + 5, {
      state: 'needs-pick',
      rule: 'pick',
      swap: { kind: 'pick' },
      mappings: [],
      reason: reason('P200', 'waits for a pick', 'Put the numbers into the row.'),
      note: 'crowd',
    }),
    unsent('sh043', n + 6, {
      state: 'skipped',
      rule: 'skip',
      swap: { kind: 'skip' },
      mappings: [],
      people: null,
      analysedAtMs: null,
      reason: reason('S203', 'skipped by the manifest', 'Nothing.'),
    }),
    unsent('sh044', n + 7, {
      state: 'ready',
      heldBy: 'budget',
      reason: reason('C102', 'budget reached', '`headswap resume spring-campaign-fr --budget N` with a higher N.'),
    }),
    unsent('row-46', n + 8, {
      state: 'failed',
      rule: 'anna',
      swap: null,
      mappings: [],
      people: null,
      analysedAtMs: null,
      reason: reason('M112', 'unknown face "anna"', 'Correct the row, then run the manifest again.'),
    }),
  ];
}

export function factsOf(built: readonly Built[], changes: Partial<ReportFacts> = {}): ReportFacts {
  return {
    generatedAtMs: T0 + 1_600_000,
    toolVersion: '0.1.0',
    batch: {
      id: 'spring-campaign-fr',
      project: 'nordlys',
      account: 'default',
      state: 'waiting',
      createdAtMs: T0,
      finishedAtMs: null,
      operator: 'mira@studio',
      rounds: 2,
      manifest: { file: 'shots.csv', sha256: '7c21'.repeat(16), rows: built.length },
      sheet: null,
    },
    money: { estimated: 943, budget: 1200, balanceBefore: 1430, balanceAfter: null, accountShared: false },
    analyses: { submitted: 51, reused: 6 },
    items: built.map(({ item }) => item),
    attempts: built.flatMap(({ attempts }) => attempts),
    tasks: built.flatMap(({ tasks }) => tasks),
    outputs: built.flatMap(({ output }) => (output === null ? [] : [output])),
    events: [
      { atMs: T0, type: 'submitted', by: 'mira@studio', item: null, detail: '56 rows of shots.csv' },
      ...[1, 2, 3].map((n) => ({
        atMs: T0 + n * 20_000,
        type: 'pace-changed',
        by: 'fleet',
        item: null,
        detail: `creates: ${n}.5 per second`,
      })),
      {
        atMs: T0 + 300_000,
        type: 'uncertain',
        by: 'fleet',
        item: 'sh027',
        detail: 'connection closed after the first byte',
      },
      {
        atMs: T0 + 400_000,
        type: 'gate-closed',
        by: 'fleet',
        item: null,
        detail: 'credits: balance 12, a create locks 100',
      },
      { atMs: T0 + 700_000, type: 'gate-opened', by: 'fleet', item: null, detail: 'credits: balance 512' },
      { atMs: T0 + 900_000, type: 'orphan-found', by: 'fleet', item: 'sh040', detail: 'task orphan-task-1' },
    ],
    gates: [],
    pictures: new Map(),
    ...changes,
  };
}

/** 47 plainly done items and the troubled ones. */
export function springFacts(changes: Partial<ReportFacts> = {}): ReportFacts {
  const plain = Array.from({ length: 47 }, (_, n) => doneItem(`sh${String(n + 100)}`, n));
  return factsOf([...plain, ...troubledItems(48)], changes);
}
