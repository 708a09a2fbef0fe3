import { describe, expect, it } from 'vitest';
import { createAddressCheck } from '../../manifests/web-address.ts';

const check = createAddressCheck({ allowPrivateHosts: false });
const open = createAddressCheck({ allowPrivateHosts: true });

describe('addresses the vendor can fetch', () => {
  it.each([
    'https://media.example.com/a.mp4',
    'HTTP://MEDIA.example.com:8080/a.mp4?x=1&y=%20#t',
    'https://media.example.com/ä/ö.mp4',
    'https://user:pw@media.example.com/a.mp4',
    'https://8.8.8.8/a.mp4',
    'https://[2606:4700::1111]/a.mp4',
    'https://münchen.example.com/a.mp4',
  ])('%s', (url) => expect(check(url)).toBeNull());

  it.each([
    'http://localhost/a',
    'http://LOCALHOST:80/a',
    'http://plates.localhost/a',
    'http://nas/a.mp4',
    'http://nas.local/a',
    'http://x.internal/a',
    'http://127.0.0.1/a',
    'http://127.1/a',
    'http://2130706433/a',
    'http://0x7f.1/a',
    'http://0177.0.0.1/a',
    'http://10.0.0.1/a',
    'http://172.31.255.255/a',
    'http://192.168.1.1/a',
    'http://169.254.169.254/latest',
    'http://100.64.0.1/a',
    'http://0.0.0.0/a',
    'http://224.0.0.1/a',
    'http://255.255.255.255/a',
    'http://[::1]/a',
    'http://[::]/a',
    'http://[fe80::1]/a',
    'http://[fd00::1]/a',
    'http://[::ffff:127.0.0.1]/a',
    'http://[::ffff:a00:1]/a',
    'http://[64:ff9b::7f00:1]/a',
    'http://[2002:7f00:1::]/a',
    'http://user@127.0.0.1/a',
    'http://localhost./a',
    'http://１２７.0.0.1/a',
  ])('inside: %s', (url) => {
    expect(check(url)?.code).toBe('M118');
    expect(open(url)).toBeNull();
  });

  it.each([
    ['/mnt/plates/a.mp4', 'M119'],
    ['./a.mp4', 'M119'],
    ['../a.mp4', 'M119'],
    ['~/a.mp4', 'M119'],
    ['C:\\plates\\a.mp4', 'M119'],
    ['c:/plates/a.mp4', 'M119'],
    ['\\\\nas\\plates\\a.mp4', 'M119'],
    ['//nas/plates/a.mp4', 'M119'],
    ['file:///a.mp4', 'M119'],
    ['FILE:a', 'M119'],
    ['a.mp4', 'M119'],
    ['plates/a.mov', 'M119'],
    ['media.example.com/a.mp4', 'M117'],
    ['ftp://media.example.com/a.mp4', 'M117'],
    ['s3://bucket/a.mp4', 'M117'],
    ['data:video/mp4;base64,AA', 'M117'],
    ['javascript:alert(1)', 'M117'],
    ['https:media.example.com', 'M117'],
    ['https://', 'M117'],
    ['https:///a.mp4', 'M117'],
    ['https://media.example.com/a b.mp4', 'M117'],
    ['https://media.example.com/a\u0000.mp4', 'M117'],
    ['https://media.example.com\\@evil/a', 'M117'],
    ['https://media.example.com:99999/a', 'M117'],
    ['', 'M117'],
    [`https://media.example.com/${'a'.repeat(5_000)}`, 'M125'],
  ])('not fetchable: %j: %s', (url, code) => {
    expect(check(url)?.code).toBe(code);
    expect(open(url)?.code).toBe(code);
  });

  it('remembers verdicts by host, not by URL', () => {
    expect(check('https://fast.example.com/a')).toBeNull();
    expect(check('https://fast.example.com/a b')?.code).toBe('M117');
    expect(check('https://fast.example.com/b')).toBeNull();
    expect(check('https://fast.example.com:99999/b')?.code).toBe('M117');
  });
});
