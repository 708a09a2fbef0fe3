import type { Outcome } from './outcome.ts';

/**
 * How calls are authorised: exactly one header. With an API key there is no token step; `bearer` fetches a token with
 * the client's id and secret.
 */
export type AkoolAuth =
  | { readonly kind: 'api-key'; readonly key: string }
  | { readonly kind: 'bearer'; readonly clientId: string; readonly clientSecret: string };

/** A header to send, and how to report that the vendor called it expired. */
export interface Authorisation {
  readonly header: Readonly<Record<string, string>>;
  /**
   * To be called on 1101. True when a fresh token is worth one more call: only for a token that had not just been
   * fetched because of an earlier 1101.
   */
  readonly expired: () => boolean;
  /** To be called when the vendor accepted the header. */
  readonly accepted: () => void;
}

/** Hands out the header; tokens are fetched single-flight, and fetched again at most once in a row on 1101. */
export class Credentials {
  readonly #auth: AkoolAuth;
  readonly #fetchToken: () => Promise<Outcome<string>>;
  #token: Promise<Outcome<string>> | null = null;
  /** Set while the token in use replaced an expired one and has not been accepted yet. */
  #onProbation = false;

  constructor(auth: AkoolAuth, fetchToken: () => Promise<Outcome<string>>) {
    this.#auth = auth;
    this.#fetchToken = fetchToken;
  }

  async authorise(): Promise<Outcome<Authorisation>> {
    if (this.#auth.kind === 'api-key') {
      const header = { 'x-api-key': this.#auth.key };
      return { kind: 'ok', value: { header, expired: () => false, accepted: () => {} } };
    }
    const fetching = (this.#token ??= this.#fetchToken());
    const token = await fetching;
    if (token.kind !== 'ok') {
      if (this.#token === fetching) this.#token = null;
      return token;
    }
    return {
      kind: 'ok',
      value: {
        header: { authorization: `Bearer ${token.value}` },
        expired: () => this.#expire(fetching),
        accepted: () => {
          if (this.#token === fetching) this.#onProbation = false;
        },
      },
    };
  }

  #expire(used: Promise<Outcome<string>>): boolean {
    // Another call has replaced it already: its token is worth a try.
    if (this.#token !== used) return true;
    if (this.#onProbation) return false;
    this.#token = null;
    this.#onProbation = true;
    return true;
  }
}
