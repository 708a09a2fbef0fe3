import { dirname } from 'node:path';
import type { OutputStore } from './output-store.ts';

/** The folder below which a store keeps its keys; null where there is none (object stores). Says nothing about existence. */
export function storageRoot(store: Pick<OutputStore, 'pathOf'>): string | null {
  const path = store.pathOf('any');
  return path === null ? null : dirname(path);
}
