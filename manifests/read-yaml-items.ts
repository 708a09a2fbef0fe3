import { realpath } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { buildItem, checkSettings, type ItemContext } from './build-item.ts';
import { combine, createEntryFiller } from './expand-matrix.ts';
import { quoted, type Fault, type ValueFault } from './fault.ts';
import type { EntryOrigin } from './item-collector.ts';
import { addFace } from './read-faces.ts';
import { readItemsSheet } from './read-items-sheet.ts';
import { batchName, itemContext, openFor, type ReadSession } from './read-session.ts';
import type { SchemaFault } from './schema-faults.ts';
import type { SourceFile } from './source-file.ts';
import { asMap, readYamlManifest, type YamlEntry, type YamlManifest } from './yaml-manifest.ts';
import { YamlPlaces } from './yaml-places.ts';
import type { Manifest } from '../schemas/manifest-item.ts';

type Head = Pick<Manifest, 'batch' | 'project' | 'account' | 'budget' | 'sheet'>;

/** Reads a YAML manifest: head, faces, then the entries in order. `readFarFaces` adds faces from other files, which count less. */
export async function readYamlItems(
  session: ReadSession,
  source: SourceFile,
  path: string,
  readFarFaces: () => Promise<void>,
): Promise<Head> {
  const text = await source.text();
  const places = new YamlPlaces(source.name, text);
  const { manifest, faults } = readYamlManifest(text);
  for (const fault of faults) session.fail(fault, () => places.at(fault.start, fault.end, fault.path));
  const own = manifest?.batch ?? null;
  const batch = batchName(
    session,
    own === null ? null : { text: own.text, place: () => places.at(own.tree.start, own.tree.end, '/batch') },
  );
  const head: Head = {
    batch,
    project: manifest?.project ?? null,
    account: manifest?.account ?? null,
    budget: manifest?.budget ?? { credits: null, perItem: null },
    sheet: null,
  };
  if (manifest === null) return head;
  addFaces(session, manifest, places);
  await readFarFaces();
  const context = itemContext(session, batch, manifest.project, checkedDefaults(session, manifest, places));
  for (const entry of manifest.entries) {
    if (entry.kind === 'from') await readFrom(session, entry, context, places, path);
    else addEntry(session, entry, context, places);
  }
  return head;
}

function addFaces(session: ReadSession, manifest: YamlManifest, places: YamlPlaces): void {
  const seen = new Set<string>();
  for (const face of manifest.faces) {
    addFace(
      face.raw,
      seen,
      { book: session.faces, checkAddress: session.checkAddress, fail: session.fail },
      (fault) => {
        if (fault.field === 'name') return places.at(face.key.start, face.key.end, face.path);
        return face.tree.kind === 'map'
          ? places.ofFault(face.tree, face.path, fault)
          : places.at(face.tree.start, face.tree.end, face.path);
      },
    );
  }
}

function checkedDefaults(session: ReadSession, manifest: YamlManifest, places: YamlPlaces) {
  const { defaults } = manifest;
  if (defaults === null) return [];
  for (const fault of checkSettings(defaults.raw, session))
    session.fail(fault, () => places.ofFault(defaults.tree, '/defaults', fault));
  return [defaults.raw];
}

type ItemEntry = Extract<YamlEntry, { kind: 'item' | 'matrix' }>;

function addEntry(session: ReadSession, entry: ItemEntry, context: ItemContext, places: YamlPlaces): void {
  const origin = entryOrigin(entry, places, entry.kind === 'item');
  const shape = entry.faults.map((fault) => ({ ...fault, field: null }));
  if (entry.kind === 'item') {
    if (shape.length === 0) session.collector.add(entry.raw, context, origin);
    else session.collector.addBad(entry.raw.id, [...shape, ...furtherFaults(entry, context)], origin);
    return;
  }
  const { combinations, faults: matrixFaults } = shape.some((fault) => inMatrix(fault, entry))
    ? { combinations: [], faults: [] }
    : combine(entry.axes, entry.excludes);
  const filler = createEntryFiller(entry.raw, entry.axes);
  const faults = [...shape, ...matrixFaults, ...(matrixFaults.length > 0 ? [] : filler.faults)];
  if (faults.length > 0) {
    session.collector.addBad(null, faults, entryOrigin(entry, places, true));
    return;
  }
  for (const combination of combinations) session.collector.add(filler.fill(combination), context, origin);
}

function inMatrix(fault: SchemaFault, entry: ItemEntry): boolean {
  return fault.path.startsWith(`${entry.path}/matrix`);
}

/** An entry with a wrong key may have a wrong face too: all errors in one pass. */
function furtherFaults(entry: ItemEntry, context: ItemContext): Fault[] {
  if (entry.tree.kind !== 'map') return [];
  const reading = buildItem(entry.raw, context);
  const told = entry.faults.map((fault) => fault.path.slice(entry.path.length + 1).split('/')[0] ?? '');
  return reading.ok
    ? []
    : reading.faults.filter(
        (fault) =>
          fault.code !== 'M102' &&
          !(fault.field !== null && told.includes(fault.field)) &&
          !(fault.code === 'M116' && told.includes('swap')),
      );
}

/** In a matrix the text that is marked is a template, so parts of the filled-in text have no place in it. */
function entryOrigin(entry: ItemEntry, places: YamlPlaces, precise: boolean): EntryOrigin {
  const file = places.file;
  return {
    file,
    line: places.lineOf(entry.tree.start),
    cells: null,
    place: (fault: Fault & Partial<Pick<SchemaFault, 'start' | 'end' | 'path'>>) => {
      if (fault.start !== undefined && fault.end !== undefined)
        return places.at(fault.start, fault.end, fault.path ?? entry.path);
      return excludePlace(entry, fault, places) ?? places.ofFault(entry.tree, entry.path, fault, precise);
    },
  };
}

/** `pair` of a matrix fault is the number of its exclude. */
function excludePlace(entry: ItemEntry, fault: Fault, places: YamlPlaces) {
  if (fault.field !== 'matrix' || fault.pair === undefined || entry.tree.kind !== 'map') return null;
  const matrix = asMap(entry.tree.pairs.find((pair) => pair.key.text === 'matrix')?.value ?? null);
  const excludes = matrix?.pairs.find((pair) => pair.key.text === 'exclude')?.value;
  const exclude = excludes?.kind === 'list' ? excludes.items[fault.pair] : undefined;
  return exclude === undefined
    ? null
    : places.at(exclude.start, exclude.end, `${entry.path}/matrix/exclude/${fault.pair}`);
}

async function readFrom(
  session: ReadSession,
  entry: Extract<YamlEntry, { kind: 'from' }>,
  context: ItemContext,
  places: YamlPlaces,
  manifestPath: string,
): Promise<void> {
  for (const fault of entry.faults) session.fail(fault, () => places.at(fault.start, fault.end, fault.path));
  if (entry.faults.length > 0) return;
  const value = entry.tree.kind === 'map' ? (entry.tree.pairs[0]?.value ?? entry.tree) : entry.tree;
  const fail = (fault: ValueFault) =>
    session.fail(fault, () => places.at(value.start, value.end, `${entry.path}/from`));
  if (['.yaml', '.yml', '.json'].includes(extname(entry.from).toLowerCase())) {
    fail({
      code: 'M141',
      message: `${quoted(entry.from)} is a manifest, and manifests do not nest`,
      help: 'name a CSV, or run the other manifest by itself',
    });
    return;
  }
  const found = await insideFolder(manifestPath, entry.from);
  if (typeof found !== 'string') {
    fail(found);
    return;
  }
  const before = session.problems.errorCount;
  const source = await openFor(session, entry.from, found);
  if (source !== null)
    await readItemsSheet(source, { collector: session.collector, context, keepCells: false, fail: session.fail });
  else if (session.problems.errorCount === before)
    fail({ code: 'M001', message: `cannot read ${quoted(entry.from)}`, help: 'check the path' });
}

/** The real path of a file below the manifest's folder; links are followed before the check. */
async function insideFolder(manifestPath: string, from: string): Promise<string | ValueFault> {
  const folder = dirname(manifestPath);
  const outside: ValueFault = {
    code: 'M140',
    message: `${quoted(from)} lies outside of the manifest's folder`,
    help: 'move the CSV beside the manifest and name it by its relative path',
  };
  if (isAbsolute(from) || from.includes('\\')) return outside;
  const wanted = resolve(folder, from);
  if (!isBelow(folder, wanted)) return outside;
  try {
    const [realFolder, realFile] = await Promise.all([realpath(folder), realpath(wanted)]);
    return isBelow(realFolder, realFile) ? realFile : outside;
  } catch {
    return {
      code: 'M001',
      message: `there is no file ${quoted(join(from))} beside the manifest`,
      help: "check the path; it is taken from the manifest's folder",
    };
  }
}
function isBelow(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
