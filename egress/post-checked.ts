/** A message to somebody's receiver, under the rules of every fetch. */
import type { Agent } from 'undici';
import { refusalOfUrl, type Permissions } from './address-rules.ts';
import { networkFailed, outcomeOfError, refused, type FetchFailure } from './outcome.ts';

export interface PostOptions extends Permissions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Longest time for all of it. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type PostOutcome = { readonly kind: 'ok'; readonly status: number } | FetchFailure;

/** Any 2xx is a success. A redirect is none: a message for one address must not go to another. */
export async function postChecked(text: string, options: PostOptions, agent: Agent): Promise<PostOutcome> {
  if (!URL.canParse(text)) return refused('bad-url', 'this is not a URL');
  const url = new URL(text);
  const refusal = refusalOfUrl(url, options);
  if (refusal !== null) return refused('address', refusal);
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  try {
    const response = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'headswap-fleet', ...options.headers },
      body: options.body,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      signal,
    });
    response.body.dump({ limit: 16_384 }).catch(() => undefined);
    const { statusCode } = response;
    if (statusCode >= 200 && statusCode < 300) return { kind: 'ok', status: statusCode };
    return { kind: 'http', status: statusCode, retryAfterMs: null };
  } catch (error) {
    if (options.signal?.aborted === true) return networkFailed('aborted', 'stopped on request');
    return outcomeOfError(signal.aborted ? signal.reason : error);
  }
}
