/**
 * Connections that go only where the rules allow. The check sits in the connector's own lookup: the addresses that were
 * checked are the addresses connected to, so a name that changes its answer between check and connect gains nothing, and
 * TLS still sees the name. A kept connection goes on leading to the checked address.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Agent } from 'undici';
import { refusalOfAddress, type Permissions } from './address-rules.ts';
import { EgressError, refused } from './outcome.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}
/** Every address of a name. Injected in tests. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export const resolveBySystem: Resolve = (hostname) => systemLookup(hostname, { all: true });

/** One forbidden address refuses the whole name: an answer that mixes public and private ones is an attack or a mistake. */
async function resolveChecked(hostname: string, resolve: Resolve, permissions: Permissions) {
  const addresses = await resolve(hostname);
  for (const { address } of addresses) {
    const reason = refusalOfAddress(address, permissions);
    if (reason !== null) throw new EgressError(refused('address', `${hostname} leads to ${reason}`));
  }
  return addresses.map(({ address, family }) => ({ address, family }));
}

function checkedLookup(resolve: Resolve, permissions: Permissions): LookupFunction {
  return (hostname, options, callback) => {
    resolveChecked(hostname, resolve, permissions).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 0);
        else if (options.all === true) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, '', 0),
    );
  };
}

export interface AgentOptions extends Permissions {
  readonly resolve: Resolve;
  readonly connectTimeoutMs: number;
  /** PEM certificates trusted besides the system's. */
  readonly ca?: string;
}

/** A keep-alive agent whose every connection was checked. Address literals never reach the lookup: check the URL too. */
export function checkedAgent({ resolve, connectTimeoutMs, ca, ...permissions }: AgentOptions): Agent {
  return new Agent({
    connections: 32,
    keepAliveTimeout: 10_000,
    connect: {
      lookup: checkedLookup(resolve, permissions),
      timeout: connectTimeoutMs,
      ...(ca === undefined ? {} : { ca }),
    },
  });
}
