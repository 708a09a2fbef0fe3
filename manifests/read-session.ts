import { basename, extname } from 'node:path';
import type { Face } from '../schemas/manifest-item.ts';
import type { RawSettings } from '../schemas/item-fields.ts';
import type { Requirement } from '../schemas/requirement.ts';
import { isValidId, type ItemContext } from './build-item.ts';
import type { FaceBook } from './face-book.ts';
import { quoted, type ValueFault } from './fault.ts';
import type { ItemCollector } from './item-collector.ts';
import { outputReason } from './output-path.ts';
import { filePlace, type Place, type ProblemList } from './problem-list.ts';
import { openSource, type SourceFile } from './source-file.ts';

export interface ReadOptions {
  /** As named by the user; relative to `cwd`. */
  readonly file: string;
  readonly cwd: string;
  /** `--faces`. Without it a sheet takes the `faces.csv` beside it. */
  readonly facesFile?: string | undefined;
  /** `--batch`. */
  readonly batchName?: string | undefined;
  readonly config: ReadConfig;
  /** With errors in rows there is no manifest at all, not even of the good rows. */
  readonly strictRows?: boolean | undefined;
  /** False: check only, so that a million rows fit into little memory; `manifest.items` stays empty. Default true. */
  readonly keepItems?: boolean | undefined;
}

/** What headswap.yaml says that a manifest depends on. */
export interface ReadConfig {
  readonly defaults: RawSettings;
  readonly faces: readonly Face[];
  readonly ignoreQuery: readonly string[];
  readonly allowPrivateHosts: boolean;
  /** What every face must have; left out: nothing. */
  readonly require?: readonly Requirement[];
  /** For dates; left out: now. */
  readonly nowMs?: number;
}

/** What the readers of both formats work on. */
export interface ReadSession {
  readonly problems: ProblemList;
  readonly collector: ItemCollector;
  readonly faces: FaceBook;
  readonly checkAddress: (url: string) => ValueFault | null;
  readonly options: ReadOptions;
  /** Digests of everything read, in order. */
  readonly digests: { readonly name: string; readonly sha256: string }[];
  /** Reports a problem that concerns the manifest as a whole (or a warning). */
  readonly fail: (fault: ValueFault, place: () => Place) => void;
}

/** Opens a file and notes its digest; a fault concerns the whole manifest. */
export async function openFor(session: ReadSession, name: string, path: string): Promise<SourceFile | null> {
  const source = await openSource(name, path);
  if ('code' in source) {
    session.fail(source, () => filePlace(name));
    return null;
  }
  session.digests.push({ name: basename(name), sha256: source.sha256 });
  return source;
}

export function itemContext(
  session: ReadSession,
  batch: string,
  project: string | null,
  defaults: readonly RawSettings[],
): ItemContext {
  return {
    batch,
    project,
    defaults: [...defaults, session.options.config.defaults],
    faces: session.faces,
    checkAddress: session.checkAddress,
    rules: new Map(),
    require: session.options.config.require ?? [],
    today: new Date(session.options.config.nowMs ?? Date.now()).toISOString().slice(0, 10),
  };
}

/** `--batch`, else the manifest's own name, else the file's stem; what no name may contain becomes a dash. */
export function batchName(session: ReadSession, own: { text: string; place: () => Place } | null): string {
  const { options } = session;
  const given = options.batchName ?? own?.text ?? null;
  const place = () => (options.batchName === undefined && own !== null ? own.place() : filePlace(options.file));
  const help = 'letters, digits, . _ - only, at most 100, not starting with a dot';
  if (given !== null) {
    if (!isValidId(given) || outputReason(`${given}/x`, given) !== null)
      session.fail({ code: 'M109', message: `${quoted(given)} cannot be the name of a batch`, help }, place);
    return given;
  }
  const stem = basename(options.file, extname(options.file)).normalize('NFC');
  if (isValidId(stem)) return stem;
  const made = stem
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-')
    .replace(/^[-.]+|-+$/gu, '')
    .slice(0, 100);
  if (made === '' || !isValidId(made))
    session.fail(
      {
        code: 'M109',
        message: `the file name ${quoted(basename(options.file))} gives no name for the batch`,
        help: 'use --batch NAME',
      },
      place,
    );
  else
    session.fail(
      {
        code: 'M029',
        message: `the batch is called ${quoted(made)}, since the file name holds characters that no batch name may have`,
        help: 'use --batch NAME to choose another',
      },
      place,
    );
  return made;
}
