import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { openCallback, sealCallback } from '../../akool/callback.ts';

/** The synthetic vectors of vendor.md 6.3; the vendor's own printed one does not verify. */
const VECTORS = [
  {
    name: 'AES-256, 24-character client id',
    clientId: 'dGVzdC1jbGllbnQtaWQtMDE=',
    clientSecret: 'unit-test-secret-0123456789abcde',
    dataEncrypt:
      'DLHS+N+ijmLDrxdzYOpGf7trX+Uej8MllTcHrR6v8iiZkBjSRteszEHdBjHhsvdUQtbJ0j2YDhyDfVlC/I1Ww/YAPOIIbh9NepWg7TXVG+gaD9/a0j0ssspXgCpudmYn1fjDroTuQmZ4gBYpkxT5vbREDDV5m8myrOHvwP5FKO8=',
    signature: '586a0579f4e812e3a79b7b86c28938359a0fff3e',
  },
  {
    name: 'AES-192, 16-character client id',
    clientId: 'test-client-id16',
    clientSecret: 'unit-test-secret-24bytes',
    dataEncrypt:
      'Iw0yHwaetNKQ6d66lj/EumgUzm02vRqfaLkkYPVDXEuaVyXt/ns19KuHPB/sQ1Kmykem42GlFFFJqW1Dre/zP2MsZSrAlsNnINudMcerzpCZr/fbjJ9FCaVXCyfjj3Vhvnjk7GAzYiua1UY7s3uXJYrIzW3uFGBmSHqEd3+be9s=',
    signature: 'a1e27c84f3be8861999e3fe26a7dbe2918481834',
  },
] as const;
const TIMESTAMP = 1_757_785_623_798;
const NONCE = '9047';
const PLAIN = {
  _id: '6a066dc58570ecbf64f761a5',
  status: 3,
  type: 'headswap',
  url: 'https://cdn.example.test/out.mp4',
  deduction_credit: 15,
};

describe.each(VECTORS)('$name', ({ clientId, clientSecret, dataEncrypt, signature }) => {
  const secrets = { clientId, clientSecret };
  const envelope = { signature, dataEncrypt, timestamp: TIMESTAMP, nonce: NONCE };

  test('opens', () => {
    expect(openCallback(secrets, JSON.stringify(envelope))).toEqual({
      kind: 'ok',
      callback: { taskId: PLAIN._id, status: 3, type: 'headswap', url: PLAIN.url, credits: 15 },
    });
  });
  test('opens with the nonce as a number and the timestamp as text', () => {
    const loose = { ...envelope, timestamp: String(TIMESTAMP), nonce: Number(NONCE), extra: true };
    expect(openCallback(secrets, JSON.stringify(loose)).kind).toBe('ok');
  });
  test('seals to the same bytes', () => {
    expect(sealCallback(secrets, PLAIN, { timestampMs: TIMESTAMP, nonce: NONCE })).toEqual(envelope);
  });
  test.each([
    ['another signature', { signature: signature.replace(/^./, (c) => (c === '0' ? '1' : '0')) }],
    ['an empty signature', { signature: '' }],
    ['another timestamp', { timestamp: TIMESTAMP + 1 }],
    ['another nonce', { nonce: '9048' }],
    ['another message', { dataEncrypt: dataEncrypt.replace(/^./, 'A') }],
  ])('refuses %s', (_, change) => {
    const reading = openCallback(secrets, JSON.stringify({ ...envelope, ...change }));
    expect(reading).toEqual({ kind: 'rejected', why: 'the signature does not fit this client id' });
  });
});

const SECRETS = { clientId: VECTORS[0].clientId, clientSecret: VECTORS[0].clientSecret };

test.each([16, 24, 32])('round trip with a secret of %i bytes', (length) => {
  const secrets = { clientId: 'short', clientSecret: 's'.repeat(length) };
  const sealed = sealCallback(secrets, { _id: 'a', status: 4 }, { timestampMs: 1, nonce: '1' });
  expect(openCallback(secrets, JSON.stringify(sealed))).toMatchObject({
    kind: 'ok',
    callback: { taskId: 'a', url: null },
  });
});

test('signed for the known client id but encrypted with another secret: rejected', () => {
  const forged = sealCallback({ ...SECRETS, clientSecret: 'x'.repeat(32) }, PLAIN, { timestampMs: 1, nonce: '1' });
  expect(openCallback(SECRETS, JSON.stringify(forged)).kind).toBe('rejected');
});

test('a secret that is no AES key: cannot seal, opens nothing', () => {
  const bad = { clientId: 'c', clientSecret: 'seventeen-bytes-x' };
  expect(() => sealCallback(bad, PLAIN, { timestampMs: 1, nonce: '1' })).toThrow(/16, 24 or 32/);
  const sealed = sealCallback({ ...bad, clientSecret: 's'.repeat(16) }, PLAIN, { timestampMs: 1, nonce: '1' });
  expect(openCallback(bad, JSON.stringify(sealed)).kind).toBe('rejected');
});

test('a message that names no task is rejected', () => {
  const sealed = sealCallback(SECRETS, { _id: '', status: 3 }, { timestampMs: 1, nonce: '1' });
  expect(openCallback(SECRETS, JSON.stringify(sealed))).toMatchObject({ why: 'the decrypted message names no task' });
});

test('no body makes it throw or repeat the secret', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
      const reading = openCallback(SECRETS, body);
      expect(reading.kind).toBe('rejected');
      expect(JSON.stringify(reading)).not.toContain(SECRETS.clientSecret);
    }),
  );
});
