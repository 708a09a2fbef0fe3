import type { Egress } from '../egress/fetch-checked.ts';
import { signedHeaders } from '../egress/sign-webhook.ts';
import type { NotifyTarget } from '../schemas/config.ts';
import { slackBody, type Notice } from '../schemas/notice.ts';

export type Delivery =
  | { readonly kind: 'sent'; readonly status: number }
  /** `mayPass`: trying again may help. Texts never hold the receiver's address. */
  | { readonly kind: 'failed'; readonly error: string; readonly mayPass: boolean };

/** A receiver should answer at once and work later; this is generous. */
export const SEND_TIMEOUT_MS = 10_000;

/** One try. The id stays the same over all tries of a message, so that a receiver can leave repeats out. */
export async function sendNotice(
  egress: Egress,
  target: NotifyTarget,
  message: { readonly id: string; readonly notice: Notice; readonly atMs: number },
  how: { readonly allowPrivateHosts: boolean; readonly signal?: AbortSignal },
): Promise<Delivery> {
  if (target.url === null)
    return { kind: 'failed', error: 'its address is not set (a variable is missing)', mayPass: true };
  const body = JSON.stringify(target.kind === 'slack' ? slackBody(message.notice) : message.notice);
  const headers =
    target.kind === 'slack'
      ? {}
      : signedHeaders({ id: message.id, atMs: message.atMs, body }, target.secret?.reveal() ?? null);
  const outcome = await egress.postChecked(target.url.reveal(), {
    headers,
    body,
    timeoutMs: SEND_TIMEOUT_MS,
    allowPrivate: how.allowPrivateHosts,
    ...(how.signal === undefined ? {} : { signal: how.signal }),
  });
  switch (outcome.kind) {
    case 'ok':
      return { kind: 'sent', status: outcome.status };
    case 'http':
      // 410 is the receiver's word that it is gone (standardwebhooks.com).
      return { kind: 'failed', error: `answered HTTP ${outcome.status}`, mayPass: outcome.status !== 410 };
    case 'network':
      return { kind: 'failed', error: outcome.reason, mayPass: true };
    case 'refused':
      return { kind: 'failed', error: outcome.reason, mayPass: false };
    default:
      return outcome satisfies never;
  }
}
