export { batch } from './batch.ts';
export { lane } from './lane.ts';
export { manifestCheck, scheduledRun } from './scheduled-run.ts';
