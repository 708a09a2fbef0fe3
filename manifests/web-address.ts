import { BlockList, isIP } from 'node:net';
import { MAX_URL } from '../schemas/item-fields.ts';
import { quoted, type ValueFault } from './fault.ts';

/** Networks that an outsider cannot reach (RFC 6890). The documentation networks are left out: refusing them protects nobody. */
const insideNetworks = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  insideNetworks.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  insideNetworks.addSubnet(net, bits, 'ipv6');
}
const INSIDE_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa)$/u;

/** True for hosts that the vendor cannot reach from outside. `host` as `URL.hostname` gives it. */
function isInsideHost(host: string): boolean {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  const family = isIP(bare);
  if (family === 4) return insideNetworks.check(bare, 'ipv4');
  if (family === 6) {
    const embedded = embeddedIpv4(bare);
    return insideNetworks.check(bare, 'ipv6') || (embedded !== null && insideNetworks.check(embedded, 'ipv4'));
  }
  const name = bare.replace(/\.$/u, '').toLowerCase();
  return !name.includes('.') || INSIDE_NAMES.test(name);
}

/** IPv4 inside IPv6: mapped (`::ffff:`), compatible (`::`), NAT64 (`64:ff9b::`), 6to4 (`2002:`). Input as URL normalises it. */
function embeddedIpv4(address: string): string | null {
  const tail = /^(?:::ffff:(?:0:)?|::|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/u.exec(address);
  const sixToFour = /^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/u.exec(address);
  const match = tail ?? sixToFour;
  if (match === null) return null;
  const [high, low] = [Number.parseInt(match[1] ?? '0', 16), Number.parseInt(match[2] ?? '0', 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

export interface AddressRules {
  readonly allowPrivateHosts: boolean;
}

/**
 * Checks that a text is an URL the vendor could fetch. Offline: names are judged as names, nothing is resolved. The URL is
 * never rewritten, since the vendor gets it literally. Verdicts on hosts are kept, since sheets name the same few often.
 */
export function createAddressCheck(rules: AddressRules): (text: string) => ValueFault | null {
  const verdicts = new Map<string, ValueFault | null>();
  return (text) => {
    // oxlint-disable-next-line no-control-regex
    const parts = /^(https?:\/\/[a-zA-Z0-9._-]+(?::\d{1,5})?)(?:[/?#][^\s\\<>"^`{|}\u0000-\u001f\u007f]*)?$/u.exec(
      text,
    );
    if (parts === null || text.length > MAX_URL) return slowCheck(text, rules);
    const origin = parts[1] ?? '';
    const known = verdicts.get(origin);
    if (known !== undefined) return known;
    const verdict = slowCheck(text, rules);
    if (verdicts.size < 50_000 && (verdict === null || verdict.code === 'M118')) verdicts.set(origin, verdict);
    return verdict;
  };
}

function slowCheck(text: string, rules: AddressRules): ValueFault | null {
  if (text.length > MAX_URL) {
    return { code: 'M125', message: `the URL has ${text.length} characters, more than ${MAX_URL}`, help: 'shorten it' };
  }
  const local = localPathKind(text);
  if (local !== null) {
    return {
      code: 'M119',
      message: `${quoted(text)} is ${local}`,
      help: 'the vendor fetches the file itself and cannot see it there: upload it, and give its public http(s) URL',
    };
  }
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/u.exec(text)?.[1]?.toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') {
    const help =
      scheme === undefined
        ? 'start it with https://'
        : 'the vendor fetches http and https only; use a public or signed https:// URL';
    return { code: 'M117', message: `${quoted(text)} is no http(s) URL`, help };
  }
  // oxlint-disable-next-line no-control-regex
  const bad = /[\s\\<>"^`|\u0000-\u001f\u007f]/u.exec(text);
  if (bad !== null) {
    const written = encodeURIComponent(bad[0]);
    return {
      code: 'M117',
      message: `the URL contains ${/\s/u.test(bad[0]) ? 'a blank' : quoted(bad[0])}`,
      help: `write it as ${written}; the URL is given to the vendor literally`,
      from: bad.index,
      length: 1,
    };
  }
  if (!URL.canParse(text) || !/^https?:\/\/[^/?#]/iu.test(text)) {
    return {
      code: 'M117',
      message: `${quoted(text)} is no URL that can be read`,
      help: 'check the part after https://',
    };
  }
  const url = new URL(text);
  if (!rules.allowPrivateHosts && isInsideHost(url.hostname)) {
    const from = Math.max(0, text.indexOf('//') + 2);
    return {
      code: 'M118',
      message: `the host "${url.hostname}" lies inside a private network`,
      help: 'the vendor fetches from outside: give a public URL, or set allow_private_hosts (tests, emulator)',
      from,
      length: Math.max(1, url.host.length),
    };
  }
  return null;
}

function localPathKind(text: string): string | null {
  if (/^file:/iu.test(text)) return 'a file: URL';
  if (/^[a-zA-Z]:[\\/]/u.test(text)) return 'a path on a Windows disk';
  if (/^\\\\|^\/\//u.test(text)) return 'a path on a file server';
  if (/^(\/|~\/|\.{1,2}[\\/])/u.test(text)) return 'a local path';
  if (!text.includes(':') && /\.(mp4|mov|mxf|avi|mkv|webm|m4v|jpe?g|png|webp|heic|tiff?|exr)$/iu.test(text)) {
    return /^[^/\\\s]+\.[a-z]{2,}\/\S+$/iu.test(text) ? null : 'a local path';
  }
  return null;
}
