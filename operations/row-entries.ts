import { hash } from 'node:crypto';
import type { ItemColumns, RowEntry } from '../ledger/enter-batch.ts';
import type { PlannedRow } from '../manifests/plan-rows.ts';
import type { BadRow, ManifestItem } from '../schemas/manifest-item.ts';

/** What the ledger is told about a plan's rows. `lanes` and `ruleKeyOf` as the batch has them. Pure. */
export function* rowEntries(
  rows: readonly PlannedRow[],
  how: { readonly lanes: number; readonly ruleKeyOf: (item: ManifestItem) => string },
): Generator<RowEntry> {
  for (const [row, { entry }] of rows.entries()) {
    if (entry === null) continue;
    switch (entry.kind) {
      case 'start':
        yield {
          kind: 'start',
          columns: columnsOf(entry.item, row, how),
          salt: entry.salt,
          version: entry.version,
          state: entry.state,
        };
        break;
      case 'reuse':
        yield {
          kind: 'reuse',
          columns: columnsOf(entry.item, row, how),
          attempt: entry.work.attempt,
          mappings: entry.work.mappings,
          workKey: entry.work.workKey,
          peopleFound: entry.work.peopleFound,
          analysis: entry.work.analysis,
          version: entry.version,
        };
        break;
      case 'keep':
        yield { kind: 'keep', columns: columnsOf(entry.item, row, how) };
        break;
      case 'bad':
        yield { kind: 'bad', columns: badColumns(entry.bad, row), code: entry.bad.code, message: entry.bad.message };
        break;
      case 'remove':
        yield { kind: 'remove', id: entry.id };
        break;
      default:
        entry satisfies never;
    }
  }
}

/** All items of one video meet in one lane (design D3), so the literal URL decides. */
export function laneOf(video: string, lanes: number): number {
  return lanes === 1 ? 0 : Number.parseInt(hash('sha256', video, 'hex').slice(0, 8), 16) % lanes;
}

function columnsOf(
  item: ManifestItem,
  row: number,
  how: { readonly lanes: number; readonly ruleKeyOf: (item: ManifestItem) => string },
): ItemColumns {
  const { settings } = item;
  return {
    row,
    id: item.id,
    lane: laneOf(item.video, how.lanes),
    file: item.file,
    line: item.line,
    video_url: item.video,
    rule: item.rule,
    swap: JSON.stringify(item.swap),
    resolution: settings.resolution,
    model: settings.model,
    sound: settings.keepOriginalSound ? 1 : 0,
    template: settings.templateId,
    output: item.output,
    project: item.project,
    note: item.note,
    check_id: item.check,
    differ: item.whenPeopleDiffer,
    x: JSON.stringify(item.x),
    cells: item.cells === null ? null : JSON.stringify(item.cells),
    rule_key: how.ruleKeyOf(item),
  };
}

/** A row that could not be read has a place, a reason, and the cells as written; no work, so no rule key. */
function badColumns(bad: BadRow, row: number): ItemColumns {
  return {
    row,
    id: bad.id,
    lane: 0,
    file: bad.file,
    line: bad.line,
    video_url: '',
    rule: '',
    swap: '',
    resolution: '720p',
    model: '',
    sound: 1,
    template: null,
    output: '',
    project: null,
    note: null,
    check_id: null,
    differ: 'wait',
    x: '{}',
    cells: bad.cells === null ? null : JSON.stringify(bad.cells),
    rule_key: '',
  };
}
