export { batch } from './batch.ts';
export { lane } from './lane.ts';
