import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseConfig, type ConfigFlags } from '../../manifests/read-config.ts';
import { Secret } from '../../schemas/secret.ts';

const parse = (
  text: string | null,
  env: Record<string, string> = {},
  flags: ConfigFlags = {},
  readFile: ((path: string) => string) | null = null,
) => parseConfig(text, 'headswap.yaml', env, flags, readFile);
const told = (text: string, env: Record<string, string> = {}) =>
  parse(text, env).problems.map((problem) => `${problem.code} ${problem.line}:${problem.column} ${problem.path}`);

/** The example of the contract, less what is announced for later. */
const FULL = `accounts:
  default:
    base_url: https://openapi.akool.com/
    api_key: \${AKOOL_API_KEY}
    auth: bearer
    client_id: \${AKOOL_CLIENT_ID}
    client_secret: \${AKOOL_CLIENT_SECRET}
    limits:
      create_per_second: 2
      analyze_per_second: 3
      poll_per_second: 10
      open_tasks: 20
      open_analyses: 10
    polling: { first: 5s, factor: 1.5, max: 30s, stalled_after: 3h }
    request_timeout: 60s
    prices: { 480p: 6, 720p: { per_started: 5s, credits: 10 } }
    uncertain: { wait: 30m, then: pay-again, max_pay_again: 1 }
defaults: { resolution: 480p, x_show: 010 }
faces: { ana: https://media.example.com/ana.jpg }
ledger: sqlite:.headswap/ledger.db
storage: file:./out
web: { port: 8787, public_url: null }
ignore_query: [token]
allow_private_hosts: false
notify: []
temporal: {}
`;

describe('a configuration', () => {
  it('is filled with built-in values where there is no file', () => {
    const { config, problems } = parse(null);
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      defaultAccount: 'default',
      accounts: {
        default: {
          baseUrl: 'https://openapi.akool.com',
          apiKey: null,
          auth: 'api-key',
          requestTimeoutMs: 60_000,
          limits: { createPerSecond: 2, openTasks: 10, maxUncertain: 10 },
          polling: { firstMs: 5_000, factor: 1.5, maxMs: 30_000, stalledAfterMs: 10_800_000 },
          uncertain: { waitMs: 1_800_000, afterwards: 'hold', maxPayAgain: 0 },
          prices: {},
        },
      },
      ledger: { kind: 'sqlite', file: '.headswap/ledger.db' },
      storage: { kind: 'file', folder: './out' },
      web: { port: 8787 },
      allowPrivateHosts: false,
    });
    expect(Object.isFrozen(config?.accounts['default']?.limits)).toBe(true);
  });

  it('reads every field', () => {
    const { config, problems, warnings } = parse(FULL, {
      AKOOL_API_KEY: 'k',
      AKOOL_CLIENT_ID: 'i',
      AKOOL_CLIENT_SECRET: 's',
    });
    expect([problems, warnings]).toEqual([[], []]);
    expect(config?.accounts['default']).toMatchObject({
      baseUrl: 'https://openapi.akool.com',
      auth: 'bearer',
      limits: { createPerSecond: 2, analyzePerSecond: 3, openTasks: 20, maxUncertain: 20 },
      prices: {
        '480p': { kind: 'per-task', credits: 6 },
        '720p': { kind: 'per-started', everyMs: 5_000, credits: 10 },
      },
      uncertain: { afterwards: 'pay-again', maxPayAgain: 1 },
    });
    expect(config?.accounts['default']?.clientSecret?.reveal()).toBe('s');
    expect([config?.defaults.resolution, config?.defaults.x, config?.ignoreQuery, config?.faces[0]?.name]).toEqual([
      '480p',
      { x_show: '010' },
      ['token'],
      'ana',
    ]);
  });

  it('remembers where each value came from', () => {
    const { config } = parse(
      FULL,
      {
        AKOOL_API_KEY: 'k',
        AKOOL_BASE_URL: 'http://127.0.0.1:9/',
        HEADSWAP_LEDGER: 'postgres://me:pw@db.example.com/hs',
        HEADSWAP_ALLOW_PRIVATE_HOSTS: '1',
      },
      { port: 1 },
    );
    const origin = (path: string) => config?.settings.find((setting) => setting.path === path);
    expect(origin('accounts.default.api_key')).toEqual({
      path: 'accounts.default.api_key',
      value: '[secret]',
      origin: 'environment AKOOL_API_KEY',
    });
    expect(origin('accounts.default.base_url')?.origin).toBe('environment AKOOL_BASE_URL');
    expect(origin('accounts.default.limits.open_tasks')).toMatchObject({ value: '20', origin: 'headswap.yaml:12' });
    expect(origin('accounts.default.limits.max_uncertain')?.origin).toBe('built-in');
    expect(origin('ledger')).toMatchObject({
      value: 'postgres://db.example.com/hs',
      origin: 'environment HEADSWAP_LEDGER',
    });
    expect(origin('web.port')).toMatchObject({ value: '1', origin: 'flag --port' });
    expect(origin('allow_private_hosts')).toMatchObject({
      value: 'true',
      origin: 'environment HEADSWAP_ALLOW_PRIVATE_HOSTS',
    });
    expect(config?.accounts['default']?.baseUrl).toBe('http://127.0.0.1:9');
  });
});

describe('problems', () => {
  it('are told all at once, with their places and suggestions', () => {
    const { problems, config } = parse(
      'accounts:\n  default:\n    base_ur: https://x.example.com\n    auth: beare\n    limits: { open_tasks: 0, create_per_second: fast }\n    polling: { first: 5 }\n    uncertain: { then: pay-again }\ndefaults: { resolution: 1080p }\nallow_private_hosts: 1\n',
    );
    expect(config).toBeNull();
    expect(problems.map((problem) => `${problem.code} ${problem.line}:${problem.column}`)).toEqual([
      'M101 3:5',
      'M103 4:11',
      'M103 5:27',
      'M103 5:49',
      'M103 6:23',
      'M182 7:24',
      'M120 8:25',
      'M103 9:22',
    ]);
    expect(problems[0]?.help).toContain('did you mean "base_url"?');
    expect(problems[1]?.help).toContain('api-key');
  });

  it.each([
    ['accounts: { default: { windows: ["Mon-Fri"] } }', '/accounts/default/windows/0', 'no production window'],
    ['notify: [{ url: "https://h.example.com/top-secret", secret: plain }]', '/notify/0/secret', 'whsec_'],
    [
      'notify: [{ kind: slack, url: "https://h.example.com/top-secret", secret: whsec_aaaaaaaaaaaaaaaaaaaa }]',
      '/notify/0/secret',
      'not signed',
    ],
    ['notify: [{ url: "https://h.example.com/top-secret", when: never }]', '/notify/0/when', 'unknown key'],
    ['notify: [{ url: "https://h.example.com/top-secret", events: [party] }]', '/notify/0/events/0', 'party'],
    [
      'notify: [{ name: a, url: "https://h.example.com/1" }, { name: a, url: "https://h.example.com/2" }]',
      '/notify/1',
      'two receivers',
    ],
  ])('says what is wrong with windows and receivers, and shows no address: %s', (text, path, message) => {
    const { problems } = parse(text);
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.message).toContain(message);
    expect(JSON.stringify(problems)).not.toContain('top-secret');
  });

  it('reads windows and receivers, and keeps their addresses to itself', () => {
    const secret = `whsec_${'A'.repeat(32)}`;
    const text = `accounts: { default: { windows: ["Mon-Fri 20:00-06:00 Europe/Oslo"] } }
notify: [{ url: "\${HOOK}", secret: ${secret} }, { kind: slack, name: chat, url: "https://h.example.com/x", events: [finished] }]`;
    const { config } = parse(text, { HOOK: 'https://h.example.com/top-secret' });
    expect(config?.accounts['default']?.windows).toMatchObject([{ days: [1, 2, 3, 4, 5], zone: 'Europe/Oslo' }]);
    expect(config?.notify).toMatchObject([
      { name: 'webhook-1', kind: 'webhook' },
      { name: 'chat', kind: 'slack', events: ['finished'] },
    ]);
    expect(config?.notify[0]?.events).toHaveLength(9);
    expect(config?.notify[0]?.url?.reveal()).toBe('https://h.example.com/top-secret');
    expect(JSON.stringify(config)).not.toMatch(/top-secret|whsec/u);
  });

  it.each([['storage: s3://bucket', '/storage']])(
    'refuses what is not available yet with one line: %s',
    (text, path) => {
      const { problems } = parse(text);
      expect(problems.map((problem) => [problem.code, problem.path])).toEqual([['M106', path]]);
      expect(problems[0]?.message).toContain('not available yet');
    },
  );

  it.each([
    ['accounts: { emulator: {} }', 'M182'],
    ['accounts: { "a b": {} }', 'M103'],
    ['accounts: { default: { auth: bearer } }', 'M182'],
    ['accounts: { default: { api_key: a, api_key_file: b } }', 'M107'],
    ['accounts: { default: { base_url: "ftp://x" } }', 'M103'],
    ['accounts: { default: { base_url: "https://${HOST}/x" } }', 'M181'],
    ['accounts: { default: { prices: { 720p: { per_started: 0s, credits: 1 } } } }', 'M182'],
    ['ledger: mysql://x', 'M103'],
    ['storage: ./out', 'M103'],
    ['temporal: { address: x }', 'M101'],
    ['faces: { ana: http://10.0.0.1/a.jpg }', 'M118'],
    ['faces: { ana: /a.jpg, pick: https://a.example.com/b }', 'M119'],
    ['- a', 'M103'],
    ['a: [', 'M010'],
    ['<<: *x', 'M011'],
  ])('%s: %s', (text, code) => expect(told(text)[0]).toMatch(new RegExp(`^${code} `, 'u')));

  it.each([
    ['HEADSWAP_STORAGE', 's3://b', 'M106'],
    ['HEADSWAP_STORAGE', 'out', 'M182'],
    ['HEADSWAP_LEDGER', 'x', 'M182'],
    ['HEADSWAP_ALLOW_PRIVATE_HOSTS', 'maybe', 'M182'],
    ['AKOOL_BASE_URL', 'akool', 'M182'],
  ])('in the environment: %s=%s', (name, value, code) => {
    const { problems } = parse('', { [name]: value });
    expect(problems.map((problem) => [problem.code, problem.file])).toEqual([[code, `environment ${name}`]]);
  });
});

describe('secrets', () => {
  const KEY = 'sk-CANARY-1';
  it('never show', () => {
    const secret = new Secret(KEY);
    for (const shown of [
      String(secret),
      `${secret as unknown as string}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ a: [secret] }, { showHidden: true, depth: 9 }),
      Object.prototype.toString.call(secret),
    ])
      expect(shown).not.toContain(KEY);
    expect(secret.reveal()).toBe(KEY);
  });

  it.each([
    `accounts: { default: { api_key: ${KEY} } }`,
    `accounts: { default: { api_key: ${KEY}, auth: nonsense } }`,
    `accounts:\n  default:\n    api_key: "${KEY}\n`,
    `accounts:\n  default:\n    api_key: [${KEY}]\n`,
    `accounts:\n  default:\n    api_key: x-\${A}-${KEY}\n`,
    `accounts:\n  default:\n    api_kye: 1\n    client_secret: { a: ${KEY} }\n`,
    `ledger: mysql://me:${KEY}@db\n`,
    `ledger: postgres://me:${KEY}@db/x\n`,
  ])('in no output of the reader: %s', (text) => {
    const reading = parse(text);
    for (const out of [JSON.stringify(reading), inspect(reading, { depth: 20 })]) expect(out).not.toContain(KEY);
  });

  it('are taken from variables, files and the environment, the nearest first', () => {
    const key = (text: string, env: Record<string, string>, readFile: ((path: string) => string) | null = null) =>
      parse(text, env, {}, readFile).config?.accounts['default']?.apiKey?.reveal();
    const files = (path: string) => (path === '/k' ? `${KEY}\n` : '');
    expect(key('accounts: { default: { api_key: "${MY}" } }', { MY: KEY })).toBe(KEY);
    expect(key('accounts: { default: { api_key: a } }', { AKOOL_API_KEY: KEY })).toBe(KEY);
    expect(key('accounts: { default: { api_key: a } }', { AKOOL_API_KEY_FILE: '/k' }, files)).toBe(KEY);
    expect(key('accounts: { default: { api_key_file: /k } }', {}, files)).toBe(KEY);
    expect(key('accounts: { default: { api_key_file: /k } }', { AKOOL_API_KEY: 'env' }, files)).toBe('env');
  });

  it('that are not there only warn: offline commands need none', () => {
    const missing = parse('accounts: { default: { api_key: "${MY}" } }', { MY: '' });
    expect([missing.config?.accounts['default']?.apiKey, missing.warnings.map((warning) => warning.code)]).toEqual([
      null,
      ['M180'],
    ]);
    const unreadable = parse('accounts: { default: { api_key_file: /none } }', {}, {}, () => {
      throw new Error('ENOENT');
    });
    expect([
      unreadable.config?.accounts['default']?.apiKey,
      unreadable.warnings.map((warning) => warning.code),
    ]).toEqual([null, ['M183']]);
  });

  it("are never another account's: the environment speaks for default, or for the only one", () => {
    const accounts = (text: string) => parse(text, { AKOOL_API_KEY: KEY }).config?.accounts;
    expect(accounts('accounts: { live: {} }')?.['live']?.apiKey?.reveal()).toBe(KEY);
    expect(accounts('accounts: { default: {}, live: { api_key: own } }')?.['live']?.apiKey?.reveal()).toBe('own');
    expect(accounts('accounts: { a: {}, b: {} }')?.['a']?.apiKey).toBeNull();
  });
});
