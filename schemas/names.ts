/** The one place that names task queues, workflows, signals. `ledger8` is the first 8 characters of the ledger's own id. */

export const queues = {
  flow: (ledger8: string) => `flow.${ledger8}`,
  advance: (ledger8: string) => `advance.${ledger8}`,
  analyze: (ledger8: string, account: string) => `analyze.${ledger8}.${account}`,
  create: (ledger8: string, account: string) => `create.${ledger8}.${account}`,
  media: (ledger8: string) => `media.${ledger8}`,
} as const;

export const QUEUE_KINDS = ['flow', 'advance', 'analyze', 'create', 'media'] as const;
export type QueueKind = (typeof QUEUE_KINDS)[number];

export const BATCH_WORKFLOW = 'batch';
export const LANE_WORKFLOW = 'lane';
export const WAKE_SIGNAL = 'wake';
export const SCHEDULED_RUN_WORKFLOW = 'scheduledRun';
export const MANIFEST_CHECK_WORKFLOW = 'manifestCheck';

export function batchWorkflowId(ledger8: string, batch: string): string {
  return `batch/${ledger8}/${batch}`;
}
export function laneWorkflowId(ledger8: string, batch: string, lane: number): string {
  return `${batchWorkflowId(ledger8, batch)}/${lane}`;
}

/** Also the start of the ids of its runs. */
export function scheduleId(ledger8: string, schedule: string): string {
  return `schedule/${ledger8}/${schedule}`;
}

/** Items in one lane at most, and lanes at most (design D3). */
const ITEMS_PER_LANE = 50_000;
const MAX_LANES = 8;
export function laneCount(items: number): number {
  return Math.min(MAX_LANES, Math.max(1, Math.ceil(items / ITEMS_PER_LANE)));
}
