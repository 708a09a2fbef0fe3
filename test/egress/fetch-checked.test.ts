import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { createEgress, retryAfterMsOf, type Egress, type FetchOptions } from '../../egress/fetch-checked.ts';
import { EgressError, type Fetched, type FetchOutcome } from '../../egress/outcome.ts';
import { mediaHost, type Handler } from './media-host.ts';

const LOCAL: FetchOptions = { allowPrivate: true, maxBytes: 10_000_000, timeoutMs: 2_000 };
const PUBLIC: FetchOptions = { allowHttp: true, maxBytes: 10_000_000, timeoutMs: 2_000 };

let egress: Egress = createEgress();
afterEach(async () => {
  await egress.close();
  egress = createEgress();
});

function ok(outcome: FetchOutcome): Fetched {
  if (outcome.kind !== 'ok') throw new Error(`expected ok, got ${JSON.stringify(outcome)}`);
  return outcome;
}
async function failureOfBody(fetched: Fetched): Promise<EgressError['outcome']> {
  const error: unknown = await buffer(fetched.body).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EgressError);
  return (error as EgressError).outcome;
}

const hello: Handler = (_, response) => response.writeHead(200, { 'content-length': 5 }).end('hello');
const redirectTo =
  (location: string | (() => string), status = 302): Handler =>
  (_, response) =>
    response.writeHead(status, { location: typeof location === 'string' ? location : location() }).end();

describe('what may be reached', () => {
  test('a private address is refused without a connection, and reached when allowed', async () => {
    await using host = await mediaHost({ '/a.mp4': hello });
    const no = await egress.fetchChecked(host.url('/a.mp4'), PUBLIC);
    expect(no).toMatchObject({ kind: 'refused', code: 'address' });
    expect(host.seen).toEqual([]);
    const yes = ok(await egress.fetchChecked(host.url('/a.mp4'), LOCAL));
    expect(yes).toMatchObject({ status: 200, bytes: 5 });
    expect((await buffer(yes.body)).toString()).toBe('hello');
  });

  test('a name that resolves to a private address is refused, also when only one of its addresses is', async () => {
    await using host = await mediaHost({ '/a.mp4': hello });
    for (const addresses of [['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['2606:4700::1', '::ffff:127.0.0.1']]) {
      await egress.close();
      egress = createEgress({
        resolve: (_name) =>
          Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))),
      });
      const outcome = await egress.fetchChecked(`http://media.test:${host.port}/a.mp4`, PUBLIC);
      expect(outcome).toMatchObject({ kind: 'refused', code: 'address' });
    }
    expect(host.seen).toEqual([]);
  });

  test('rebinding: the name is resolved once per connection, and the checked answer is the one connected to', async () => {
    await using host = await mediaHost({
      '/a.mp4': (_, response) => response.writeHead(200, { connection: 'close' }).end('hello'),
    });
    const answers = ['127.0.0.1', '169.254.169.254'];
    let asked = 0;
    egress = createEgress({
      resolve: () => Promise.resolve([{ address: answers[asked++] ?? '0.0.0.0', family: 4 }]),
    });
    const url = `http://media.test:${host.port}/a.mp4`;
    expect((await buffer(ok(await egress.fetchChecked(url, LOCAL)).body)).toString()).toBe('hello');
    expect(asked).toBe(1);
    // That connection is gone: the changed answer is checked like the first one.
    const rebound = await egress.fetchChecked(url, LOCAL);
    expect(asked).toBe(2);
    expect(rebound).toMatchObject({ kind: 'refused', code: 'address' });
    expect(host.seen).toHaveLength(1);
  });

  test('connections made where private hosts were allowed are not used where they are not', async () => {
    await using host = await mediaHost({ '/a.mp4': hello });
    egress = createEgress({ resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) });
    const url = `http://media.test:${host.port}/a.mp4`;
    await buffer(ok(await egress.fetchChecked(url, LOCAL)).body);
    expect(await egress.fetchChecked(url, PUBLIC)).toMatchObject({ kind: 'refused', code: 'address' });
    expect(host.seen).toHaveLength(1);
  });

  test('text that is no URL, and schemes other than https', async () => {
    expect(await egress.fetchChecked('sh010.mp4', LOCAL)).toMatchObject({ kind: 'refused', code: 'bad-url' });
    for (const url of ['file:///etc/passwd', 'ftp://media.test/a', 'data:text/plain,x']) {
      expect(await egress.fetchChecked(url, LOCAL)).toMatchObject({ kind: 'refused', code: 'address' });
    }
    expect(await egress.fetchChecked('http://media.test/', { ...PUBLIC, allowHttp: false })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('https'),
    });
  });
});

describe('redirects', () => {
  test('three are followed, a fourth is not', async () => {
    await using host = await mediaHost({
      '/0': redirectTo('/1', 301),
      '/1': redirectTo('/2', 307),
      '/2': redirectTo('/3', 308),
      '/3': redirectTo('/4'),
      '/4': hello,
    });
    const three = ok(await egress.fetchChecked(host.url('/1'), LOCAL));
    expect(three.url).toBe(host.url('/4'));
    await buffer(three.body);
    expect(await egress.fetchChecked(host.url('/0'), LOCAL)).toMatchObject({ kind: 'refused', code: 'redirect' });
  });

  test('each hop is checked: to metadata, to another scheme, to nowhere', async () => {
    await using host = await mediaHost({
      '/metadata': redirectTo('http://169.254.169.254/latest/meta-data/'),
      '/decimal': redirectTo('http://2852039166/'),
      '/file': redirectTo('file:///etc/passwd'),
      '/broken': redirectTo('http://[nonsense'),
    });
    for (const path of ['/metadata', '/decimal', '/file', '/broken']) {
      expect(await egress.fetchChecked(host.url(path), LOCAL)).toMatchObject({ kind: 'refused', code: 'redirect' });
    }
  });

  test('a redirect to a name that leads to a forbidden address is refused', async () => {
    await using host = await mediaHost({ '/a': redirectTo(() => `http://inside.test/`) });
    egress = createEgress({
      resolve: (name) => Promise.resolve([{ address: name === 'inside.test' ? '0.0.0.0' : '127.0.0.1', family: 4 }]),
    });
    const outcome = await egress.fetchChecked(`http://media.test:${host.port}/a`, LOCAL);
    expect(outcome).toMatchObject({ kind: 'refused', code: 'address', reason: expect.stringContaining('inside.test') });
  });
});

describe('answers', () => {
  test('a status that is no success is told with its Retry-After', async () => {
    await using host = await mediaHost({
      '/gone': (_, response) => response.writeHead(410).end('gone'),
      '/busy': (_, response) => response.writeHead(503, { 'retry-after': '7' }).end(),
    });
    expect(await egress.fetchChecked(host.url('/gone'), LOCAL)).toEqual({
      kind: 'http',
      status: 410,
      retryAfterMs: null,
    });
    expect(await egress.fetchChecked(host.url('/busy'), LOCAL)).toEqual({
      kind: 'http',
      status: 503,
      retryAfterMs: 7000,
    });
  });

  test('Retry-After: seconds, a date, the past, nonsense', () => {
    const now = Date.UTC(2026, 0, 1);
    expect(retryAfterMsOf('3', now)).toBe(3000);
    expect(retryAfterMsOf('Thu, 01 Jan 2026 00:00:09 GMT', now)).toBe(9000);
    expect(retryAfterMsOf('Thu, 01 Jan 1970 00:00:00 GMT', now)).toBe(0);
    expect(retryAfterMsOf('soon', now)).toBeNull();
    expect(retryAfterMsOf(undefined, now)).toBeNull();
  });

  test('nobody listens; the name does not exist', async () => {
    const host = await mediaHost({});
    await host[Symbol.asyncDispose]();
    expect(await egress.fetchChecked(host.url('/'), LOCAL)).toMatchObject({ kind: 'network', fault: 'connect' });
    egress = createEgress({ resolve: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) });
    expect(await egress.fetchChecked('http://nowhere.test/', LOCAL)).toMatchObject({ kind: 'network', fault: 'dns' });
  });

  test('HEAD tells the length without a body; a range gives a part', async () => {
    await using host = await mediaHost({
      '/a': hello,
      '/r': (_, r) => r.writeHead(206, { 'content-range': 'bytes 1-2/5' }).end('el'),
    });
    const head = ok(await egress.fetchChecked(host.url('/a'), { ...LOCAL, method: 'HEAD' }));
    expect(head.bytes).toBe(5);
    expect(await buffer(head.body)).toHaveLength(0);
    const part = ok(await egress.fetchChecked(host.url('/r'), { ...LOCAL, range: { start: 1, end: 2 } }));
    expect(part.status).toBe(206);
    expect((await buffer(part.body)).toString()).toBe('el');
    expect(host.seen).toEqual(['HEAD /a', 'GET /r bytes=1-2']);
  });
});

describe('caps', () => {
  test('a body that says it is too big is refused at once, one that turns out too big ends there', async () => {
    await using host = await mediaHost({
      '/said': (_, response) => response.writeHead(200, { 'content-length': 5_000 }).end(Buffer.alloc(5_000)),
      '/unsaid': (_, response) => response.writeHead(200).end(Buffer.alloc(5_000)),
      '/fits': (_, response) => response.writeHead(200).end(Buffer.alloc(4_000)),
    });
    const cap = { ...LOCAL, maxBytes: 4_000 };
    expect(await egress.fetchChecked(host.url('/said'), cap)).toMatchObject({ kind: 'refused', code: 'too-big' });
    const unsaid = ok(await egress.fetchChecked(host.url('/unsaid'), cap));
    expect(await failureOfBody(unsaid)).toMatchObject({ kind: 'refused', code: 'too-big' });
    expect(await buffer(ok(await egress.fetchChecked(host.url('/fits'), cap)).body)).toHaveLength(4_000);
  });

  test('no headers in time', async () => {
    await using host = await mediaHost({ '/never': () => undefined });
    const outcome = await egress.fetchChecked(host.url('/never'), { ...LOCAL, timeoutMs: 60, totalMs: 500 });
    expect(outcome).toMatchObject({ kind: 'network', fault: 'timeout' });
  });

  test('a body that drips for ever is cut by the cap on the whole', async () => {
    let timer: NodeJS.Timeout | undefined;
    await using host = await mediaHost({
      '/drip': (_, response) => {
        response.writeHead(200, { etag: '"1"' });
        timer = setInterval(() => response.write('x'), 10);
      },
    });
    const fetched = ok(await egress.fetchChecked(host.url('/drip'), { ...LOCAL, totalMs: 200 }));
    expect(await failureOfBody(fetched)).toMatchObject({ kind: 'network', fault: 'timeout' });
    clearInterval(timer);
  });

  test('a body that is let go, read or not, lets its connection go', async () => {
    const closed: Promise<void>[] = [];
    await using host = await mediaHost({
      '/endless': (_, response) => {
        closed.push(new Promise((resolve) => response.once('close', resolve)));
        response.writeHead(200, { etag: '"1"' }).write(Buffer.alloc(100_000));
      },
    });
    const unread = ok(await egress.fetchChecked(host.url('/endless'), LOCAL));
    unread.body.destroy();
    const begun = ok(await egress.fetchChecked(host.url('/endless'), LOCAL));
    for await (const _chunk of begun.body) break;
    await Promise.all(closed);
    expect(closed).toHaveLength(2);
  });

  test('stopped by the caller', async () => {
    const stop = new AbortController();
    await using host = await mediaHost({
      '/never': () => stop.abort(),
      '/half': (_, response) => response.writeHead(200, { 'content-length': 10, etag: '"1"' }).write('12345'),
    });
    const waiting = await egress.fetchChecked(host.url('/never'), { ...LOCAL, signal: stop.signal });
    expect(waiting).toMatchObject({ kind: 'network', fault: 'aborted' });
    const later = new AbortController();
    const fetched = ok(await egress.fetchChecked(host.url('/half'), { ...LOCAL, signal: later.signal }));
    fetched.body.once('data', () => later.abort());
    expect(await failureOfBody(fetched)).toMatchObject({ kind: 'network', fault: 'aborted' });
  });
});

describe('a cut transfer', () => {
  const file = randomBytes(300_000);
  const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  /** Serves ranges of `file`, cutting each of the first `cuts` answers after about 100 kB. */
  function flaky(cuts: number, { validator = '"v1"', honoursRange = true } = {}): Handler {
    let left = cuts;
    return (request, response) => {
      const start = honoursRange ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
      const valid = validator === '' ? {} : { etag: validator };
      const partial = start > 0 && request.headers['if-range'] === validator;
      const from = partial ? start : 0;
      response.writeHead(partial ? 206 : 200, {
        ...valid,
        'content-length': file.length - from,
        ...(partial ? { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` } : {}),
      });
      if (left-- > 0) response.write(file.subarray(from, from + 100_000), () => setImmediate(() => response.destroy()));
      else response.end(file.subarray(from));
    };
  }

  test('is resumed byte for byte', async () => {
    await using host = await mediaHost({ '/a.mp4': flaky(2) });
    const fetched = ok(await egress.fetchChecked(host.url('/a.mp4'), LOCAL));
    expect(sha(await buffer(fetched.body))).toBe(sha(file));
    expect(host.seen).toHaveLength(3);
    expect(host.seen[1]).toMatch(/^GET \/a\.mp4 bytes=\d+-$/);
  });

  test.each([
    ['the server names no version of the file', { validator: '' }, 1],
    ['its ETag is weak', { validator: 'W/"v1"' }, 1],
    ['the server answers with the whole file again', { honoursRange: false }, 2],
  ])('is not resumed when %s', async (_why, behaviour, requests) => {
    await using host = await mediaHost({ '/a.mp4': flaky(1, behaviour) });
    const fetched = ok(await egress.fetchChecked(host.url('/a.mp4'), LOCAL));
    expect(await failureOfBody(fetched)).toMatchObject({ kind: 'network', fault: 'closed' });
    expect(host.seen).toHaveLength(requests);
  });

  test('gives up after cuts that bring nothing new', async () => {
    await using host = await mediaHost({
      '/a.mp4': (request, response) => {
        const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
        const range = start > 0 ? { 'content-range': `bytes ${start}-9/10` } : {};
        response.writeHead(start > 0 ? 206 : 200, { etag: '"v1"', 'content-length': 10 - start, ...range });
        if (start === 0) response.write('12345', () => setImmediate(() => response.destroy()));
        else {
          response.flushHeaders();
          setImmediate(() => response.destroy());
        }
      },
    });
    const fetched = ok(await egress.fetchChecked(host.url('/a.mp4'), LOCAL));
    expect(await failureOfBody(fetched)).toMatchObject({ kind: 'network', fault: 'closed' });
    expect(host.seen).toHaveLength(4);
  });
});
