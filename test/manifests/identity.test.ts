import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleKey, stripSignature, workKey } from '../../manifests/identity.ts';
import type { SwapRule, TaskSettings } from '../../schemas/manifest-item.ts';

const base = 'https://media.example.com/plates/sh010.mp4';
const account = { name: 'default', baseUrl: 'https://openapi.akool.com' };
const settings: TaskSettings = {
  resolution: '720p',
  model: 'akool-premium',
  keepOriginalSound: true,
  templateId: null,
};
const face = (url: string) => ({ name: 'ana', url, consent: null, until: null });

describe('signatures of URLs', () => {
  it.each([
    ['?X-Amz-Algorithm=a&X-Amz-Signature=b&x-amz-date=c', ''],
    ['?v=2&X-Goog-Signature=b', '?v=2'],
    ['?Expires=1&Signature=2&Key-Pair-Id=3&Policy=4', ''],
    ['?AWSAccessKeyId=1&Signature=2', '?AWSAccessKeyId=1'],
    ['?sv=2022&sr=b&sig=x&se=2026&sp=r&st=now&spr=https&take=2', '?take=2'],
    ['?st=3&sp=2', '?st=3&sp=2'],
    ['?policy=a&signature=b', '?policy=a&signature=b'],
    ['?b=1&a=2&b=1', '?b=1&a=2&b=1'],
    ['?%53ignature=x&v=%E0%A4%A', '?v=%E0%A4%A'],
    ['?v=1&Signature=x#t=3', '?v=1#t=3'],
    ['#t=3', '#t=3'],
    ['?', '?'],
    ['?token=x&tok=1&utm_a=1', '?tok=1'],
  ])('%s', (query, kept) => expect(stripSignature(base + query, ['token', 'utm_*'])).toBe(base + kept));

  it('strips twice what it strips once, and nothing that is not a parameter', () => {
    const piece = fc.constantFrom('Signature=1', 'v=1', 'X-Amz-Date=2', 'sig=3', 'sv=4', 'st=5', '', '=', 'Policy');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const once = stripSignature(`${base}?${pieces.join('&')}`);
        expect(stripSignature(once).startsWith(base)).toBe(true);
        expect(once).not.toMatch(/Signature|X-Amz/u);
      }),
    );
  });
});

describe('rule key', () => {
  const key = (video: string, swap: SwapRule, changed: Partial<TaskSettings> = {}) =>
    ruleKey(account, { video, swap, settings: { ...settings, ...changed } });
  const only: SwapRule = { kind: 'only', face: face('https://a.example.com/ana.jpg') };
  it('is a sha256 that ignores names and signatures', () => {
    const plain = key(base, only);
    expect(plain).toMatch(/^[0-9a-f]{64}$/u);
    expect(
      key(`${base}?X-Amz-Signature=1`, {
        kind: 'only',
        face: { ...face('https://a.example.com/ana.jpg?Signature=2'), name: 'other', consent: 'C' },
      }),
    ).toBe(plain);
  });
  it('differs where the work differs', () => {
    const keys = [
      key(base, only),
      key(`${base}?v=2`, only),
      key(base, { ...only, kind: 'all' }),
      key(base, { kind: 'by-number', people: [{ objId: 0, face: only.face }] }),
      key(base, {
        kind: 'by-number',
        people: [
          { objId: 0, face: only.face },
          { objId: 1, face: null },
        ],
      }),
      key(base, { kind: 'pick' }),
      key(base, only, { resolution: '480p' }),
      key(base, only, { keepOriginalSound: false }),
      key(base, only, { templateId: 't' }),
      ruleKey({ ...account, name: 'b' }, { video: base, swap: only, settings }),
      ruleKey({ ...account, baseUrl: 'emulator:' }, { video: base, swap: only, settings }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('work key', () => {
  const [a, b] = [
    { objId: 0, url: 'https://a.example.com/ana.jpg' },
    { objId: 1, url: 'https://a.example.com/bo.jpg' },
  ];
  it('does not depend on the order of mappings or on signatures', () => {
    expect(workKey(account, base, [b, a], settings)).toBe(
      workKey(account, `${base}?Expires=1`, [a, { ...b, url: `${b.url}?Expires=2` }], settings),
    );
  });
  it('depends on the pairs, and on the salt', () => {
    const keys = [
      workKey(account, base, [a, b], settings),
      workKey(
        account,
        base,
        [
          { ...a, objId: 1 },
          { ...b, objId: 0 },
        ],
        settings,
      ),
      workKey(account, base, [a], settings),
      workKey(account, base, [a, b], settings, [], 'again-1'),
    ];
    expect(new Set(keys).size).toBe(4);
  });
});
