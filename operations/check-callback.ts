import { createEgress } from '../egress/fetch-checked.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Context } from './context.ts';
import type { Check } from './doctor.ts';

const TIMEOUT_MS = 5_000;
const HEALTH_BYTES = 65_536;

/** Whether the address given to the vendor for callbacks leads to the receiver; it only runs with `run`, `resume`, `up`, `web`. */
export async function checkCallback(ctx: Context): Promise<Check> {
  const { publicUrl } = ctx.config.web;
  const check = { name: 'callback', cure: null, exit: EXIT.ok } as const;
  if (publicUrl === null) return { ...check, state: 'skipped', detail: 'web.public_url is not set: tasks are polled' };
  const egress = createEgress();
  try {
    const options = {
      allowPrivate: ctx.config.allowPrivateHosts,
      allowHttp: true,
      maxBytes: HEALTH_BYTES,
      timeoutMs: TIMEOUT_MS,
    };
    const answer = await egress.fetchChecked(`${publicUrl}/health`, options);
    if (answer.kind === 'ok') {
      answer.body.destroy();
      return { ...check, state: 'ok', detail: `the receiver answers at ${publicUrl}` };
    }
    const why = answer.kind === 'http' ? `HTTP ${answer.status}` : answer.reason;
    const cure =
      'start it (headswap web, or up, run, resume), and lead the address to web.port; until then tasks are polled';
    return { ...check, state: 'warn', detail: `no receiver answers at ${publicUrl}: ${why}`, cure };
  } finally {
    await egress.close();
  }
}
