import { createHmac, timingSafeEqual } from 'node:crypto';

import type { Team } from './vendor-state.ts';

/** Who a request comes from, or the code that refuses it. */
export type Identity =
  | { readonly kind: 'team'; readonly team: Team }
  | { readonly kind: 'refused'; readonly code: number };

/** Codes that refuse only what would cost money; others refuse everything. */
const SPENDING_ONLY: ReadonlySet<number> = new Set([1003, 1103, 1213, 1221]);

/**
 * Keys and tokens of the emulated vendor. When both headers are sent Authorization wins. Tokens verify themselves, so
 * they outlive a restart like the vendor's.
 */
export class Authenticator {
  readonly #teams: readonly Team[];
  /** Tokens of older generations are expired. */
  #generation = 1;
  #refusing: number | null = null;

  constructor(teams: readonly Team[]) {
    this.#teams = teams;
  }

  /** From now on keys are refused with this code (1101, 1109, 1200 ...; 1003, 1103: only spending); null: as before. */
  refuse(code: number | null): void {
    this.#refusing = code;
  }

  expireTokens(): void {
    this.#generation += 1;
  }

  identify(authorization: string | undefined, apiKey: string | undefined, spends: boolean): Identity {
    const team = authorization === undefined ? this.#byKey(apiKey) : this.#byToken(authorization);
    if (typeof team === 'number') return { kind: 'refused', code: team };
    if (this.#refusing !== null && (spends || !SPENDING_ONLY.has(this.#refusing)))
      return { kind: 'refused', code: this.#refusing };
    return { kind: 'team', team };
  }

  /** A Bearer token, or null for wrong credentials. */
  issueToken(clientId: string, clientSecret: string): string | null {
    const team = this.#teams.find((each) => each.clientId === clientId && each.clientSecret === clientSecret);
    if (team === undefined || (this.#refusing !== null && !SPENDING_ONLY.has(this.#refusing))) return null;
    const claims = Buffer.from(JSON.stringify({ uid: team.uid, generation: this.#generation })).toString('base64url');
    return `${claims}.${seal(team, claims)}`;
  }

  #byKey(apiKey: string | undefined): Team | number {
    if (apiKey === undefined || apiKey === '') return 1102;
    return this.#teams.find((team) => team.apiKey === apiKey) ?? 1109;
  }

  #byToken(authorization: string): Team | number {
    const [claims, mac] = (/^Bearer\s+(\S+)$/i.exec(authorization)?.[1] ?? '').split('.');
    if (claims === undefined || mac === undefined) return 1101;
    const team = this.#teams.find((each) => same(seal(each, claims), mac));
    if (team === undefined) return 1101;
    const { generation } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { generation: number };
    return generation === this.#generation ? team : 1101;
  }
}

function seal(team: Team, claims: string): string {
  return createHmac('sha256', team.clientSecret).update(claims).digest('base64url');
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
