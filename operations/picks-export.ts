import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Decision, PickCandidate } from '../ledger/picks.ts';
import { stripSignature } from '../manifests/identity.ts';
import { PICK_COLUMNS, readPicks, type PickLine } from '../manifests/read-picks.ts';
import { consentOf, pickRows, type PickItem, type PicksFacts } from '../report/picks/picks-facts.ts';
import { writePicks } from '../report/picks/write-picks.ts';
import type { SwapRule } from '../schemas/manifest-item.ts';
import type { Context } from './context.ts';
import { findBatch } from './find-batch.ts';
import { readOpenPicks, type OpenPicks } from './open-picks.ts';
import { pickPictures } from './pick-pictures.ts';
import { FILE_NAME, picksDir, SHEET_NAME } from './picks-place.ts';
import { knownBatch } from './take-up.ts';

export interface PicksExport {
  readonly batch: string;
  readonly sheet: string;
  readonly file: string;
  /** Items that wait for a choice and are on the sheet, and their people. */
  readonly items: number;
  readonly people: number;
  /** Choices taken over from a picks file that was there already. */
  readonly kept: number;
  /** Items that wait, but whose video is being analysed right now. */
  readonly analysing: readonly string[];
  readonly notes: readonly string[];
}

const MOST_MAPPINGS = 5;

/**
 * Writes the contact sheet and the picks file of what waits for a choice. Choices already in a picks file there are kept, as
 * long as they were made on the present analysis. Nothing is spent. OperationError 2 (no such batch).
 */
export async function exportPicks(
  ctx: Context,
  given: string | undefined,
  how: { readonly out: string | null; readonly faces?: string },
): Promise<PicksExport> {
  const batch = await findBatch(ctx, given);
  const ledger = await ctx.ledger();
  const known = await knownBatch(ledger, batch);
  const open = await readOpenPicks(ctx, ledger, known, how.faces);
  const waiting = open.items.filter((item) => item.state === 'needs-pick');
  const shown = waiting.filter((item) => item.check !== null);
  const dir = picksDir(ctx, batch, how.out);
  const before = await choicesBefore(join(dir, FILE_NAME));
  const previews = shown.flatMap((item) => peopleOf(item).map(({ preview }) => preview));
  const pictures = await pickPictures(ctx, ledger, batch, [...previews, ...open.faces.map((face) => face.url)]);
  const nowMs = await ledger.now();
  const facts: PicksFacts = {
    batch,
    project: known.project,
    operator: ctx.operator,
    generatedAtMs: nowMs,
    most: MOST_MAPPINGS,
    consentRequired: ctx.config.require.includes('consent'),
    faces: open.faces.map((face) => ({
      name: face.name,
      picture: pictures.get(face.url) ?? null,
      ...consentOf(face, nowMs),
    })),
    items: shown.map((item) => pickItem(item, open, pictures, before)),
  };
  const { sheet, file } = await writePicks(facts, { dir, sheet: SHEET_NAME, file: FILE_NAME, columns: PICK_COLUMNS });
  return {
    batch,
    sheet,
    file,
    items: facts.items.length,
    people: pickRows(facts).length,
    kept: facts.items.flatMap((item) => item.people).filter(({ face }) => face !== '').length,
    analysing: waiting.filter((item) => item.check === null).map((item) => item.id),
    notes: open.notes,
  };
}

type Choices = ReadonlyMap<string, PickLine>;

async function choicesBefore(path: string): Promise<Choices> {
  if (!existsSync(path)) return new Map();
  const { lines } = await readPicks(path, path);
  return new Map(lines.map((line) => [`${line.id}/${line.person}`, line]));
}

function pickItem(
  item: PickCandidate,
  open: OpenPicks,
  pictures: ReadonlyMap<string, string>,
  before: Choices,
): PickItem {
  const check = item.check ?? '';
  const suggested = suggestions(item, open.decisions);
  return {
    id: item.id,
    note: item.note,
    video: stripSignature(item.videoUrl),
    why: item.reasonMessage ?? '',
    check,
    people: peopleOf(item).map(({ objId, preview }) => {
      const line = before.get(`${item.id}/${objId}`);
      return {
        person: objId,
        preview: pictures.get(preview) ?? null,
        suggestion: suggested.get(objId) ?? '',
        face: line !== undefined && line.check === check ? line.face : '',
      };
    }),
  };
}

function peopleOf(item: PickCandidate): { objId: number; preview: string }[] {
  return JSON.parse(item.people ?? '[]') as { objId: number; preview: string }[];
}

/** From the numbers in the row itself, else from what was decided on an earlier analysis. Faces are never compared. */
function suggestions(item: PickCandidate, decisions: readonly Decision[]): ReadonlyMap<number, string> {
  const rule = item.swap === '' ? null : (JSON.parse(item.swap) as SwapRule);
  const choices =
    rule?.kind === 'by-number' ? rule.people : (decisions.findLast((one) => one.item === item.id)?.choices ?? []);
  return new Map(choices.map(({ objId, face }) => [objId, face?.name ?? 'keep']));
}
