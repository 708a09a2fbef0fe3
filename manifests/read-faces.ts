import { checkFace, FaceBook, type RawFace } from './face-book.ts';
import type { Fault, ValueFault } from './fault.ts';
import type { Place } from './problem-list.ts';
import { cellOf, readSheet } from './read-sheet.ts';
import { FACE_COLUMNS, type SheetColumns } from './sheet-columns.ts';
import type { SourceFile } from './source-file.ts';

export interface FaceReader {
  readonly book: FaceBook;
  readonly checkAddress: (url: string) => ValueFault | null;
  /** A fault of a definition: no item that uses it can be right, so it concerns the manifest as a whole. */
  readonly fail: (fault: ValueFault, place: () => Place) => void;
}

/** Adds one definition, unless it is faulty or its source has the name already. `seen` belongs to one source. */
export function addFace(raw: RawFace, seen: Set<string>, reader: FaceReader, place: (fault: Fault) => Place): void {
  const faults = checkFace(raw, reader.checkAddress);
  const key = FaceBook.key(raw.name);
  if (seen.has(key) && raw.name !== '') {
    faults.push({
      code: 'M111',
      field: 'name',
      message: `the face "${raw.name}" is defined twice`,
      help: 'remove or rename one; upper and lower case are the same',
    });
  }
  seen.add(key);
  for (const fault of faults) reader.fail(fault, () => place(fault));
  // A faulty definition still counts as known, so that the items that use it do not each repeat the error.
  reader.book.add({ name: raw.name, url: raw.image, consent: raw.consent, until: raw.until });
}

const COLUMN_OF: Readonly<Record<string, string>> = {
  name: 'face',
  image: 'image',
  consent: 'consent',
  until: 'until',
};

/** Reads a faces sheet: `face,image,consent,until`. */
export async function readFacesSheet(source: SourceFile, reader: FaceReader): Promise<void> {
  const seen = new Set<string>();
  await readSheet(source, FACE_COLUMNS, {
    onFault: (fault, place) => reader.fail(fault, () => place),
    onBadRow: (fault, _row, place) => reader.fail(fault, () => place),
    onHeader: (columns, header) => {
      const missing = ['face', 'image'].filter((name) => !columns.index.has(name));
      if (missing.length > 0) {
        reader.fail(
          {
            code: 'M022',
            message: `the faces sheet has no column ${missing.join(' and no column ')}`,
            help: 'the first row has to be face,image,consent,until (the last two may be left out)',
          },
          () => header.place(null),
        );
      }
      return missing.length === 0;
    },
    onRow: (row, columns: SheetColumns) => {
      const cell = (name: string) => cellOf(row.cells, columns, name);
      const raw = {
        name: cell('face') ?? '',
        image: cell('image') ?? '',
        consent: cell('consent'),
        until: cell('until'),
      };
      addFace(raw, seen, reader, (fault) =>
        row.place(columns.index.get(COLUMN_OF[fault.field ?? ''] ?? '') ?? null, fault.from, fault.length),
      );
    },
  });
}
