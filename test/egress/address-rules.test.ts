import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kindOfAddress, refusalOfAddress, refusalOfUrl } from '../../egress/address-rules.ts';

describe('kind of an address', () => {
  test.each([
    ['8.8.8.8', 'public'],
    ['172.15.255.255', 'public'],
    ['172.32.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.128.0.0', 'public'],
    ['223.255.255.255', 'public'],
    ['2606:4700::1111', 'public'],
    ['64:ff9b::808:808', 'public'],
    ['::ffff:8.8.8.8', 'public'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.255.255', 'private'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['0:0:0:0:0:ffff:0a00:0001', 'private'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['100.64.0.1', 'shared'],
    ['198.18.0.1', 'reserved'],
    ['240.0.0.1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['2002:7f00:1::', 'reserved'],
    ['2001:0:4136:e378::', 'reserved'],
    ['::7f00:1', 'reserved'],
    ['0.0.0.0', 'never'],
    ['0.1.2.3', 'never'],
    ['::', 'never'],
    ['224.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['ff02::1', 'never'],
    ['169.254.169.254', 'never'],
    ['::ffff:169.254.169.254', 'never'],
    ['fd00:ec2::254', 'never'],
    ['168.63.129.16', 'never'],
    ['media.example.com', 'never'],
    ['', 'never'],
  ])('%s is %s', (address, kind) => {
    expect(kindOfAddress(address)).toBe(kind);
  });

  test('an IPv4 address is judged alike in every IPv6 dress', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(kindOfAddress(`::ffff:${address}`)).toBe(kindOfAddress(address));
        expect(kindOfAddress(`64:ff9b::${address}`)).toBe(kindOfAddress(address));
      }),
    );
  });

  test('metadata services are out of reach even where private hosts are allowed', () => {
    expect(refusalOfAddress('169.254.169.254', { allowPrivate: true })).toContain('never');
    expect(refusalOfAddress('127.0.0.1', { allowPrivate: true })).toBeNull();
    expect(refusalOfAddress('127.0.0.1', {})).toContain('loopback');
  });
});

describe('URLs', () => {
  test.each([
    ['https://media.example.com/a.mp4', true],
    ['https://8.8.8.8/a.mp4', true],
    ['http://media.example.com/a.mp4', false],
    ['ftp://media.example.com/a.mp4', false],
    ['file:///etc/passwd', false],
    ['data:text/html,x', false],
    ['https://user:pass@media.example.com/', false],
    ['https://127.0.0.1/', false],
    ['https://2130706433/', false],
    ['https://0x7f000001/', false],
    ['https://0x7f.1/', false],
    ['https://0177.0.0.1/', false],
    ['https://127.1/', false],
    ['https://0/', false],
    ['https://[::1]/', false],
    ['https://[::ffff:127.0.0.1]/', false],
    ['https://[::ffff:a9fe:a9fe]/', false],
    ['https://１２７.0.0.1/', false],
    ['https://169.254.169.254/latest/meta-data/', false],
  ])('%s: allowed %s', (url, allowed) => {
    expect(refusalOfUrl(new URL(url), {}) === null).toBe(allowed);
  });

  test('allowing private hosts allows plain http, allowing http does not allow private hosts', () => {
    expect(refusalOfUrl(new URL('http://127.0.0.1:1/'), { allowPrivate: true })).toBeNull();
    expect(refusalOfUrl(new URL('http://media.example.com/'), { allowHttp: true })).toBeNull();
    expect(refusalOfUrl(new URL('http://127.0.0.1:1/'), { allowHttp: true })).not.toBeNull();
  });
});
