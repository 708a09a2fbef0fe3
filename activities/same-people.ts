import { createHash } from 'node:crypto';
import { fetchPreview } from '../egress/preview.ts';
import type { PersonFound } from '../ledger/analysis-steps.ts';
import type { ActivityDependencies } from './dependencies.ts';

const TIMEOUT_MS = 5_000;

/**
 * Whether two analyses of one video number its people alike, as far as their preview pictures show it. People have no other
 * marks, and links of previews differ with every analysis: the pictures are compared. One that cannot be had means no.
 */
export async function samePeople(
  deps: ActivityDependencies,
  before: readonly PersonFound[],
  now: readonly PersonFound[],
): Promise<boolean> {
  if (before.length !== now.length) return false;
  const earlier = new Map(before.map((person) => [person.objId, person.preview]));
  const alike = await Promise.all(
    now.map(async ({ objId, preview }) => {
      const [old, fresh] = await Promise.all([digest(deps, earlier.get(objId)), digest(deps, preview)]);
      return old !== null && old === fresh;
    }),
  );
  return alike.every(Boolean);
}

async function digest(deps: ActivityDependencies, url: string | undefined): Promise<string | null> {
  if (url === undefined || !URL.canParse(url)) return null;
  const allowPrivate = deps.allowPrivateHosts || new URL(url).host === deps.allowedHost;
  const found = await fetchPreview(deps.egress, url, { allowPrivate, timeoutMs: TIMEOUT_MS, signal: deps.stopSignal });
  return found.kind === 'picture' ? createHash('sha256').update(found.bytes).digest('hex') : null;
}
