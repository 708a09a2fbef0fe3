import { hash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import type { Manifest, Problem } from '../schemas/manifest-item.ts';
import { FaceBook } from './face-book.ts';
import { quoted } from './fault.ts';
import { ItemCollector } from './item-collector.ts';
import { filePlace, ProblemList } from './problem-list.ts';
import { readFacesSheet } from './read-faces.ts';
import { readItemsSheet } from './read-items-sheet.ts';
import { batchName, itemContext, openFor, type ReadOptions, type ReadSession } from './read-session.ts';
import { describeSheet } from './read-sheet.ts';
import { readYamlItems } from './read-yaml-items.ts';
import { SourceChanged } from './source-file.ts';
import { createAddressCheck } from './web-address.ts';

export type { ReadOptions } from './read-session.ts';

export interface ManifestReading {
  /** Null when something outside of single rows is wrong. Rows with errors are in `manifest.bad`. */
  readonly manifest: Manifest | null;
  /** Errors, in the order of the file; at most the first few thousand. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** All of them, also those beyond the cap. */
  readonly errorCount: number;
  readonly warningCount: number;
  /** How a sheet was read; null for YAML. */
  readonly detected: string | null;
  /** Items, bad rows included. */
  readonly items: number;
}

type Read = Pick<Manifest, 'batch' | 'project' | 'account' | 'budget' | 'sheet'> & { readonly detected: string | null };

/**
 * Reads a manifest (contract section 6), offline. All problems are found in one pass; nothing is thrown for what a file
 * may contain.
 */
export async function readManifest(options: ReadOptions): Promise<ManifestReading> {
  const problems = new ProblemList();
  let whole = true;
  const session: ReadSession = {
    problems,
    collector: new ItemCollector({
      problems,
      keep: options.keepItems !== false,
      ignoreQuery: options.config.ignoreQuery,
    }),
    faces: new FaceBook(),
    checkAddress: createAddressCheck({ allowPrivateHosts: options.config.allowPrivateHosts }),
    options,
    digests: [],
    fail: (fault, place) => {
      const before = problems.errorCount;
      problems.add(fault, place);
      if (problems.errorCount > before) whole = false;
    },
  };
  const path = resolve(options.cwd, options.file);
  let read: Read | null = null;
  try {
    read = await readFile(session, path);
  } catch (error) {
    if (!(error instanceof SourceChanged)) throw error;
    session.fail(
      { code: 'M006', message: 'the file changed while it was read', help: 'run the command again when it is at rest' },
      () => filePlace(options.file),
    );
  }
  const { items, bad } = session.collector.finish();
  if (whole && session.collector.count === 0) {
    session.fail({ code: 'M005', message: `${quoted(options.file)} has no items`, help: 'add at least one' }, () =>
      filePlace(options.file),
    );
  }
  const usable = whole && read !== null && !(options.strictRows === true && problems.errorCount > 0);
  return {
    manifest:
      usable && read !== null
        ? {
            batch: read.batch,
            project: read.project,
            account: read.account,
            budget: read.budget,
            sheet: read.sheet,
            faces: session.faces.all,
            items,
            bad,
            file: options.file,
            path,
            sha256: combinedDigest(session.digests),
          }
        : null,
    problems: inOrder(problems.errors),
    warnings: inOrder(problems.warnings),
    errorCount: problems.errorCount,
    warningCount: problems.warningCount,
    detected: read?.detected ?? null,
    items: session.collector.count,
  };
}

async function readFile(session: ReadSession, path: string): Promise<Read | null> {
  const { options } = session;
  const source = await openFor(session, options.file, path);
  if (source === null) return null;
  const yaml = isYaml(options.file, source.head);
  const facesFile = options.facesFile ?? (yaml ? null : await facesBeside(path));
  const readFaces = async () => {
    if (facesFile !== null) {
      const shown = options.facesFile ?? join(dirname(options.file), 'faces.csv');
      const faces = await openFor(session, shown, resolve(options.cwd, shown));
      if (faces !== null)
        await readFacesSheet(faces, { book: session.faces, checkAddress: session.checkAddress, fail: session.fail });
    }
    for (const face of options.config.faces) session.faces.add(face);
  };
  if (yaml) return { ...(await readYamlItems(session, source, path, readFaces)), detected: null };
  await readFaces();
  const context = itemContext(session, batchName(session, null), null, []);
  const sheet = await readItemsSheet(source, {
    collector: session.collector,
    context,
    keepCells: true,
    fail: session.fail,
  });
  return {
    batch: context.batch,
    project: null,
    account: null,
    budget: { credits: null, perItem: null },
    sheet: { header: sheet.header, delimiter: sheet.delimiter },
    detected: describeSheet(sheet),
  };
}

function isYaml(name: string, head: string): boolean {
  const extension = extname(name).toLowerCase();
  if (['.yaml', '.yml', '.json'].includes(extension)) return true;
  if (['.csv', '.tsv', '.ssv', '.tab', '.txt'].includes(extension)) return false;
  return /^\s*(#[^\n]*\n\s*|---\s*\n\s*)*(\{|["']?(version|batch|items|faces|project|account|defaults)["']?\s*:)/u.test(
    head,
  );
}

async function facesBeside(path: string): Promise<string | null> {
  const beside = join(dirname(path), 'faces.csv');
  if (beside === path) return null;
  try {
    await access(beside);
    return beside;
  } catch {
    return null;
  }
}

/** One file: its own digest, as sha256sum prints it. Several: the digest of their names and digests. */
function combinedDigest(digests: ReadSession['digests']): string {
  const [only] = digests;
  if (only !== undefined && digests.length === 1) return only.sha256;
  return hash('sha256', digests.map((part) => `${part.sha256}  ${part.name}\n`).join(''), 'hex');
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map((problem) => problem.file))];
  return problems.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
