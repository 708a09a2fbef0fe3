import type { ItemReason } from '../ledger/attempt-row.ts';
import type { CreateJob } from '../ledger/create-job.ts';
import { consentFault } from '../manifests/consent.ts';
import type { Mapping } from '../schemas/manifest-item.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * Why a task may not be created although its row was accepted: hours can lie between the two, a consent may have run out or
 * be required only since then. The code is the manifest's own. Null: it may be created.
 */
export async function consentRanOut(
  { ledger, require = [] }: Pick<ActivityDependencies, 'ledger' | 'require'>,
  job: Pick<CreateJob, 'mappings'>,
): Promise<ItemReason | null> {
  if (require.length === 0) return null;
  const today = new Date(await ledger.now()).toISOString().slice(0, 10);
  for (const { face, url, consent, until } of JSON.parse(job.mappings) as Mapping[]) {
    const fault = consentFault({ name: face, url, consent, until }, require, today);
    if (fault !== null) return { code: fault.code, message: `${fault.message}; no task was created`, next: fault.help };
  }
  return null;
}
