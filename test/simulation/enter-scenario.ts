import type { AccountSettings } from '../../ledger/account-row.ts';
import type { BatchEntry, RowEntry } from '../../ledger/enter-batch.ts';
import { laneOf } from '../../operations/row-entries.ts';
import { itemColumns } from '../ledger/ledger-world.ts';
import type { Scenario, ScenarioBatch } from './scenario.ts';

export const ACCOUNT = 'default';

/** The account as commands and workers bring it to the ledger. */
export function accountSettings(scenario: Scenario): AccountSettings {
  return {
    name: ACCOUNT,
    baseUrl: 'https://vendor.example',
    keyFingerprint: 'f',
    createPerSecond: scenario.createPerSecond,
    analyzePerSecond: 5,
    pollPerSecond: 20,
    openTasks: scenario.openTasks,
    openAnalyses: 4,
    maxUncertain: scenario.maxUncertain,
  };
}

/** The rows of a manifest: new, or the same as before. */
export function rowEntries(batch: ScenarioBatch, kind: 'start' | 'keep'): RowEntry[] {
  return batch.items.map((item, row) => {
    const columns = itemColumns(item.id, row, {
      lane: laneOf(item.video, batch.lanes),
      video_url: item.video,
      swap: JSON.stringify(item.swap),
      resolution: item.resolution,
      differ: item.differ,
      output: `${batch.id}/${item.id}.mp4`,
      rule_key: `${item.video} ${JSON.stringify(item.swap)} ${item.resolution}`,
    });
    return kind === 'start' ? { kind, columns, salt: null, version: 1, state: 'pending' } : { kind, columns };
  });
}

export function batchEntry(batch: ScenarioBatch): BatchEntry {
  return {
    id: batch.id,
    account: ACCOUNT,
    project: null,
    operator: 'ann',
    manifestFile: `${batch.id}.csv`,
    manifestPath: `/${batch.id}.csv`,
    manifestSha: 's',
    manifestRows: batch.items.length,
    lanes: batch.lanes,
    budget: batch.budget,
    perItem: null,
    estimated: null,
    sheet: null,
    tolerate: batch.tolerate,
  };
}
