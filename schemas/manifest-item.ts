/**
 * What a manifest means once it is read and expanded: the values that travel from `manifests/` into the ledger. Pure data,
 * JSON-safe, no classes.
 */

/** A named reference image. An URL used in place has itself as name. */
export interface Face {
  readonly name: string;
  /** Literal URL, as the vendor gets it. */
  readonly url: string;
  readonly consent: string | null;
  /** ISO date, as written. */
  readonly until: string | null;
}

/** What the manifest says about an item's people (contract section 6). */
export type SwapRule =
  | { readonly kind: 'only'; readonly face: Face }
  | { readonly kind: 'by-number'; readonly people: readonly PersonChoice[] }
  | { readonly kind: 'all'; readonly face: Face }
  | { readonly kind: 'pick' }
  | { readonly kind: 'skip' };

/** `face: null` is `keep`: this person stays as is. */
export interface PersonChoice {
  readonly objId: number;
  readonly face: Face | null;
}

export const RESOLUTIONS = ['480p', '720p'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** The settings of a paid task other than its mappings. */
export interface TaskSettings {
  readonly resolution: Resolution;
  readonly model: string;
  readonly keepOriginalSound: boolean;
  readonly templateId: string | null;
}

/** A resolved pair, as sent to the vendor. */
export interface Mapping {
  readonly objId: number;
  readonly face: string;
  readonly url: string;
  readonly consent: string | null;
  readonly until: string | null;
}

/** One video with one swap rule: the unit of work, retry and billing. */
export interface ManifestItem {
  readonly id: string;
  /** Where it was written: file as named by the user (relative to the manifest's folder for `from`), 1-based line. */
  readonly file: string;
  readonly line: number;
  /** Literal URL. */
  readonly video: string;
  readonly swap: SwapRule;
  /** The swap rule as a CSV cell spells it, for people: `ana`, `0:ana 1:bo`, `pick`. */
  readonly rule: string;
  readonly settings: TaskSettings;
  /** Storage key of the output, template already filled: `spring/sh010.mp4`. */
  readonly output: string;
  readonly project: string | null;
  readonly note: string | null;
  readonly check: string | null;
  readonly whenPeopleDiffer: 'wait' | 'fail';
  /** `x_*` columns, keys with their prefix. */
  readonly x: Readonly<Record<string, string>>;
  /** The submitted sheet's own cells of this item (one row, or several in the long form); null for YAML items. */
  readonly cells: readonly (readonly string[])[] | null;
}

/** A row that could not be read, kept as a failed row of the batch under `--skip-bad-rows`. */
export interface BadRow {
  /** The id as written, or `row-<line>` when there is none that can be used. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** First M code and message of this row. */
  readonly code: string;
  readonly message: string;
  readonly cells: readonly (readonly string[])[] | null;
}

/** A manifest without errors (but for the rows in `bad`). */
export interface Manifest {
  /** The batch's name, which is its identity. */
  readonly batch: string;
  readonly project: string | null;
  readonly account: string | null;
  readonly budget: {
    readonly credits: number | null;
    readonly perItem: number | null;
    /** How many items may fail before creates stop, as written: `5%` or `20`; null or left out: however many. */
    readonly tolerate?: string | null;
  };
  readonly faces: readonly Face[];
  readonly items: readonly ManifestItem[];
  readonly bad: readonly BadRow[];
  /** File as named by the user, absolute path, digest of everything it was read from (manifest, faces, `from` files). */
  readonly file: string;
  readonly path: string;
  readonly sha256: string;
  /** The sheet's header cells and delimiter when the manifest is a CSV; null for YAML. */
  readonly sheet: { readonly header: readonly string[]; readonly delimiter: string } | null;
}

/** One error or warning about a manifest or configuration, with its place. Lines and columns are 1-based. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** JSON-pointer-like path in YAML, empty in CSV. */
  readonly path: string;
  /** Column name and spreadsheet cell in CSV (`C33`), else null. */
  readonly cell: { readonly column: string; readonly ref: string } | null;
  /** The marked source line and the width of the mark in characters. */
  readonly excerpt: { readonly text: string; readonly from: number; readonly length: number } | null;
  /** The next step, plain words. */
  readonly help: string | null;
}
