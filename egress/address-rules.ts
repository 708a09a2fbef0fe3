/**
 * Which addresses may be reached. Pure: nothing is resolved here. The ranges are those of the IANA special-purpose
 * registries; whatever embeds an IPv4 address in an IPv6 one is judged by the address inside.
 */
import { BlockList, isIP } from 'node:net';

/** `public` may be reached; `never` not even where private hosts are allowed; everything else only there. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'link-local' | 'shared' | 'reserved' | 'never';

const RANGES: readonly (readonly [AddressKind, readonly string[]])[] = [
  // Cloud metadata services hand out credentials to whoever asks; no video or face ever lives there.
  ['never', ['169.254.169.254/32', '169.254.170.2/32', '100.100.100.200/32', '168.63.129.16/32', 'fd00:ec2::254/128']],
  // "This host" and groups of hosts are no address of a server.
  ['never', ['0.0.0.0/8', '224.0.0.0/4', '255.255.255.255/32', '::/128', 'ff00::/8']],
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['shared', ['100.64.0.0/10']],
  ['reserved', ['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24']],
  ['reserved', ['203.0.113.0/24', '240.0.0.0/4']],
  [
    'reserved',
    ['::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16'],
  ],
];

const LISTS = RANGES.map(([kind, subnets]) => {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', prefix = ''] = subnet.split('/');
    list.addSubnet(net, Number(prefix), net.includes(':') ? 'ipv6' : 'ipv4');
  }
  return { kind, list };
});

/** The kind of an IP address in any spelling `node:net` accepts; anything else is `never`. */
export function kindOfAddress(address: string): AddressKind {
  const bare = address.replace(/%.*$/, '');
  const version = isIP(bare);
  if (version === 0) return 'never';
  const embedded = version === 6 ? embeddedIpv4(bare) : null;
  if (embedded !== null) return kindOfAddress(embedded);
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return LISTS.find(({ list }) => list.check(bare, family))?.kind ?? 'public';
}

/** The IPv4 address inside an IPv4-mapped (`::ffff:0:0/96`) or NAT64 (`64:ff9b::/96`) address, else null. */
function embeddedIpv4(address: string): string | null {
  const words = wordsOf(address);
  const mapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  const nat64 = words[0] === 0x64 && words[1] === 0xff9b && words.slice(2, 6).every((word) => word === 0);
  if (!mapped && !nat64) return null;
  const [high = 0, low = 0] = words.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight 16-bit words of a valid IPv6 address. The URL parser is the one normaliser that is always at hand. */
function wordsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((word) => Number.parseInt(word, 16));
}

export interface Permissions {
  /** Private, loopback and other special addresses; implies plain http. For tests and the emulator. */
  readonly allowPrivate?: boolean;
  readonly allowHttp?: boolean;
}

/** Null when the address may be reached, otherwise the reason in words. */
export function refusalOfAddress(address: string, { allowPrivate = false }: Permissions): string | null {
  const kind = kindOfAddress(address);
  if (kind === 'public') return null;
  if (kind === 'never') return `${address} is never a media server`;
  if (allowPrivate) return null;
  return `${address} is a ${kind} address`;
}

/**
 * Null when a URL may be asked for, as far as its text tells; a name still has to be resolved. The URL parser has turned
 * octal, hexadecimal and decimal hosts into plain addresses by now.
 */
export function refusalOfUrl(url: URL, permissions: Permissions): string | null {
  const plain = permissions.allowHttp === true || permissions.allowPrivate === true;
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && plain)) {
    return url.protocol === 'http:' ? 'plain http is not allowed, use https' : `${url.protocol} is not https`;
  }
  if (url.username !== '' || url.password !== '') return 'the URL carries a user name or password';
  const literal = literalOf(url);
  return literal === null ? null : refusalOfAddress(literal, permissions);
}

/** The IP address a URL names directly, without brackets; null when its host is a name. */
function literalOf(url: URL): string | null {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? null : host;
}
