import type { Face } from '../schemas/manifest-item.ts';
import { RESERVED_FACE_NAMES, FACE_NAME_PATTERN } from '../schemas/item-fields.ts';
import { inField, quoted, type Fault, type ValueFault } from './fault.ts';

const NAME = new RegExp(FACE_NAME_PATTERN, 'u');

export interface RawFace {
  readonly name: string;
  readonly image: string;
  readonly consent: string | null;
  readonly until: string | null;
}

/** All faces a manifest can name. Names match without regard to case (and Unicode form). */
export class FaceBook {
  readonly #byKey = new Map<string, Face>();

  static key(name: string): string {
    return name.normalize('NFC').toLowerCase();
  }

  /** Adds unless a nearer source already has the name. */
  add(face: Face): void {
    const key = FaceBook.key(face.name);
    if (!this.#byKey.has(key)) this.#byKey.set(key, face);
  }

  find(name: string): Face | null {
    return this.#byKey.get(FaceBook.key(name)) ?? null;
  }

  get names(): string[] {
    return Array.from(this.#byKey.values(), (face) => face.name);
  }

  get all(): Face[] {
    return [...this.#byKey.values()];
  }
}

/** Checks one definition. Faults name the fields `name`, `image`, `consent`, `until`. */
export function checkFace(raw: RawFace, checkAddress: (url: string) => ValueFault | null): Fault[] {
  const faults: Fault[] = [];
  if ((RESERVED_FACE_NAMES as readonly string[]).includes(raw.name.toLowerCase())) {
    faults.push({
      code: 'M114',
      field: 'name',
      message: `"${raw.name}" is a word of the swap rules, not a name`,
      help: 'give the face another name',
    });
  } else if (!NAME.test(raw.name)) {
    faults.push({
      code: 'M111',
      field: 'name',
      message: raw.name === '' ? 'the face has no name' : `${quoted(raw.name)} cannot be the name of a face`,
      help: 'a name starts with a letter, then letters, digits, . _ - (at most 100)',
    });
  }
  if (raw.image === '') {
    faults.push({
      code: 'M111',
      field: 'image',
      message: `the face ${quoted(raw.name)} has no image`,
      help: 'give a public http(s) URL',
    });
  } else {
    const fault = checkAddress(raw.image);
    if (fault !== null) faults.push(inField('image', fault));
  }
  if (raw.until !== null && !isDate(raw.until)) {
    faults.push({
      code: 'M124',
      field: 'until',
      message: `${quoted(raw.until)} is no date`,
      help: 'write it as YYYY-MM-DD, such as 2027-03-31',
    });
  }
  return faults;
}

/** A day that exists, written YYYY-MM-DD. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) return false;
  const parsed = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
}
