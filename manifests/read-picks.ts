import type { Face, PersonChoice, Problem } from '../schemas/manifest-item.ts';
import { FaceBook } from './face-book.ts';
import { quoted } from './fault.ts';
import { filePlace, ProblemList } from './problem-list.ts';
import { cellOf, describeSheet, readSheet } from './read-sheet.ts';
import { openSource, SourceChanged } from './source-file.ts';
import { readSwap } from './swap-rule.ts';
import { createAddressCheck } from './web-address.ts';

/** Columns of a picks file, in the order in which they are written. */
export const PICK_COLUMNS = ['id', 'person', 'preview', 'suggestion', 'face', 'check'] as const;

/** One person of one item in a picks file. `face` empty: not decided. */
export interface PickLine {
  readonly id: string;
  readonly person: number;
  readonly face: string;
  readonly check: string;
  readonly line: number;
}

export interface PicksReading {
  readonly lines: readonly PickLine[];
  /** Errors of single rows and of the file: what they say is not applied. */
  readonly problems: readonly Problem[];
  /** False: nothing of the file can be used. */
  readonly usable: boolean;
  readonly detected: string | null;
}

/** Reads `id,person,preview,suggestion,face,check` as people give it back: any encoding and delimiter a sheet may have. */
export async function readPicks(name: string, path: string): Promise<PicksReading> {
  const problems = new ProblemList();
  const source = await openSource(name, path);
  const unusable = () => ({ lines: [], problems: problems.errors, usable: false, detected: null });
  if ('code' in source) {
    problems.add(source, () => filePlace(name));
    return unusable();
  }
  const lines: PickLine[] = [];
  let usable = true;
  try {
    const reading = await readSheet(source, PICK_COLUMNS, {
      onFault: (fault, place) => problems.add(fault, () => place),
      onBadRow: (fault, _row, place) => problems.add(fault, () => place),
      onHeader: (columns, header) => {
        const missing = ['id', 'person', 'face', 'check'].filter((column) => !columns.index.has(column));
        usable = missing.length === 0;
        if (!usable)
          problems.add(
            {
              code: 'M022',
              message: `the picks file has no column ${missing.join(' and no column ')}`,
              help: `its first row has to be ${PICK_COLUMNS.join(',')}, as \`headswap picks export\` writes it`,
            },
            () => header.place(null),
          );
        return usable;
      },
      onRow: (row, columns) => {
        const cell = (column: string) => cellOf(row.cells, columns, column)?.trim() ?? '';
        const person = cell('person');
        if (!/^(0|[1-9]\d{0,3})$/u.test(person)) {
          problems.add(
            {
              code: 'M113',
              message: `${quoted(person)} is no number of a person`,
              help: 'leave the column person as it was exported',
            },
            () => row.place(columns.index.get('person') ?? null),
          );
          return;
        }
        lines.push({
          id: cell('id'),
          person: Number(person),
          face: cell('face'),
          check: cell('check'),
          line: row.row.line,
        });
      },
    });
    return { lines, problems: problems.errors, usable, detected: describeSheet(reading) };
  } catch (error) {
    if (!(error instanceof SourceChanged)) throw error;
    problems.add({ code: 'M006', message: error.message, help: 'run the command again when it is at rest' }, () =>
      filePlace(name),
    );
    return unusable();
  }
}

export type ChoicesReading =
  | { readonly ok: true; readonly choices: readonly PersonChoice[]; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly help: string | null };

/** What the lines of one item decide: a face, URL or `keep` for each person. They were read from one file, in any order. */
export function readChoices(
  lines: readonly Pick<PickLine, 'person' | 'face'>[],
  faces: readonly Face[],
  allowPrivateHosts: boolean,
): ChoicesReading {
  const book = new FaceBook();
  for (const face of faces) book.add(face);
  const pairs = lines.map((line) => ({ key: String(line.person), value: line.face }));
  const reading = readSwap(
    { kind: 'pairs', pairs },
    { faces: book, checkAddress: createAddressCheck({ allowPrivateHosts }) },
  );
  if (!reading.ok) {
    const [first] = reading.faults;
    return { ok: false, message: first?.message ?? 'cannot be read', help: first?.help ?? null };
  }
  const { rule } = reading;
  // Nobody is replaced: the reader calls that a skip.
  const choices =
    rule.kind === 'by-number' ? rule.people : pairs.map((pair) => ({ objId: Number(pair.key), face: null }));
  return { ok: true, choices: choices.toSorted((a, b) => a.objId - b.objId), text: reading.text };
}
