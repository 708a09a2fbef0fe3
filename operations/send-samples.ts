import { randomBytes } from 'node:crypto';
import { createEgress } from '../egress/fetch-checked.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Notice } from '../schemas/notice.ts';
import type { Context } from './context.ts';
import type { Check } from './doctor.ts';
import { sendNotice } from './send-notice.ts';

/** `doctor --notify`: one sample to each receiver, at once, whatever events it asked for. */
export async function sendSamples(ctx: Context): Promise<Check[]> {
  const { notify, allowPrivateHosts } = ctx.config;
  if (notify.length === 0) {
    const cure = 'name receivers under `notify` in headswap.yaml';
    return [{ name: 'notify', state: 'warn', detail: 'no receivers are configured', cure, exit: EXIT.ok }];
  }
  const egress = createEgress();
  try {
    return await Promise.all(
      notify.map(async (target): Promise<Check> => {
        const message = { id: `msg_test_${randomBytes(6).toString('hex')}`, notice: sample(ctx), atMs: ctx.nowMs() };
        const delivery = await sendNotice(egress, target, message, { allowPrivateHosts });
        const who = `${target.name} (${target.kind})`;
        if (delivery.kind === 'sent') {
          const detail = `${who} took a sample: HTTP ${delivery.status}`;
          return { name: 'notify', state: 'ok', detail, cure: null, exit: EXIT.ok };
        }
        return {
          name: 'notify',
          state: 'fail',
          detail: `${who} did not take a sample: ${delivery.error}`,
          cure: delivery.mayPass
            ? 'check its address, its secret, and that it answers 2xx within ten seconds'
            : 'use a public address, or set allow_private_hosts for one inside your network',
          exit: EXIT.unreachable,
        };
      }),
    );
  } finally {
    await egress.close();
  }
}

function sample(ctx: Context): Notice {
  return {
    type: 'test',
    timestamp: new Date(ctx.nowMs()).toISOString(),
    data: {
      batch: 'sample',
      account: null,
      round: null,
      state: null,
      text: `This is a sample, asked for by ${ctx.operator} with \`headswap doctor --notify\`.`,
      next: '',
      totals: null,
      credits: null,
      report: null,
    },
  };
}
