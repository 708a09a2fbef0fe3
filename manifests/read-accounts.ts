import { CONFIG_DEFAULTS, EMULATOR_ACCOUNT, type AccountConfig, type Price } from '../schemas/config.ts';
import { parseDurationMs } from '../schemas/duration.ts';
import { RESOLUTIONS } from '../schemas/manifest-item.ts';
import { parseWindow } from '../schemas/production-window.ts';
import { Secret } from '../schemas/secret.ts';
import type { ConfigReader } from './config-reader.ts';
import { textOf, valueOf } from './yaml-data.ts';
import { asMap } from './yaml-manifest.ts';
import type { YamlMap } from './yaml-tree.ts';

/**
 * All accounts, filled with built-in values. The environment's key and address speak for the account `default`, or for the
 * only one there is: a key must never be used for an account it was not meant for.
 */
export function readAccounts(
  root: YamlMap | null,
  reader: ConfigReader,
  readFile: ((path: string) => string) | null,
): Readonly<Record<string, AccountConfig>> {
  const map = asMap(root === null ? null : valueOf(root, 'accounts'));
  const names = map?.pairs.map((pair) => pair.key.text) ?? [];
  if (names.length === 0) names.push('default');
  const spoken = names.includes('default') ? 'default' : names.length === 1 ? names[0] : null;
  for (const pair of map?.pairs ?? []) {
    if (pair.key.text === EMULATOR_ACCOUNT)
      reader.fault(
        {
          code: 'M182',
          message: `the account "${EMULATOR_ACCOUNT}" is built in`,
          help: 'give the account another name',
        },
        pair.key,
        `/accounts/${EMULATOR_ACCOUNT}`,
      );
  }
  return Object.fromEntries(names.map((name) => [name, readAccount(root, name, reader, name === spoken, readFile)]));
}

function readAccount(
  root: YamlMap | null,
  name: string,
  reader: ConfigReader,
  spoken: boolean,
  readFile: ((path: string) => string) | null,
): AccountConfig {
  const at = (...path: string[]) => ['accounts', name, ...path];
  const map = asMap(valueAt(root, ['accounts', name]));
  const apiKey = readKey(root, name, reader, spoken, readFile);
  const auth = reader.text(root, at('auth'), CONFIG_DEFAULTS.auth) === 'bearer' ? 'bearer' : 'api-key';
  const clientId = reader.secret(root, at('client_id'), null);
  const clientSecret = reader.secret(root, at('client_secret'), null) ?? apiKey;
  if (auth === 'bearer' && map !== null && valueOf(map, 'client_id') === null) {
    reader.fault(
      { code: 'M182', message: 'bearer needs a client_id', help: 'add client_id: ${AKOOL_CLIENT_ID}' },
      valueOf(map, 'auth') ?? map,
      `/accounts/${name}/auth`,
    );
  }
  const limits = CONFIG_DEFAULTS.limits;
  const openTasks = reader.number(root, at('limits', 'open_tasks'), limits.open_tasks);
  const afterwards =
    reader.text(root, at('uncertain', 'then'), CONFIG_DEFAULTS.uncertain.then) === 'pay-again' ? 'pay-again' : 'hold';
  const maxPayAgain = textOf(valueAt(root, at('uncertain', 'max_pay_again')));
  const uncertain = asMap(valueAt(root, at('uncertain')));
  if (afterwards === 'pay-again' && maxPayAgain === null && uncertain !== null) {
    reader.fault(
      {
        code: 'M182',
        message: 'pay-again needs max_pay_again',
        help: 'say how many creates of a batch may be paid again by themselves, such as max_pay_again: 1',
      },
      valueOf(uncertain, 'then') ?? uncertain,
      `/accounts/${name}/uncertain/then`,
    );
  }
  return {
    name,
    baseUrl: readBaseUrl(root, name, reader, spoken),
    auth,
    apiKey,
    clientId,
    clientSecret,
    limits: {
      createPerSecond: reader.number(root, at('limits', 'create_per_second'), limits.create_per_second),
      analyzePerSecond: reader.number(root, at('limits', 'analyze_per_second'), limits.analyze_per_second),
      pollPerSecond: reader.number(root, at('limits', 'poll_per_second'), limits.poll_per_second),
      openTasks,
      openAnalyses: reader.number(root, at('limits', 'open_analyses'), limits.open_analyses),
      maxUncertain: reader.number(root, at('limits', 'max_uncertain'), openTasks),
    },
    polling: {
      firstMs: reader.durationMs(root, at('polling', 'first'), CONFIG_DEFAULTS.polling.first),
      factor: reader.number(root, at('polling', 'factor'), CONFIG_DEFAULTS.polling.factor),
      maxMs: reader.durationMs(root, at('polling', 'max'), CONFIG_DEFAULTS.polling.max),
      stalledAfterMs: reader.durationMs(root, at('polling', 'stalled_after'), CONFIG_DEFAULTS.polling.stalled_after),
    },
    requestTimeoutMs: reader.durationMs(root, at('request_timeout'), CONFIG_DEFAULTS.request_timeout),
    prices: readPrices(root, name, reader),
    windows: readAccountWindows(root, name, reader),
    uncertain: {
      waitMs: reader.durationMs(root, at('uncertain', 'wait'), CONFIG_DEFAULTS.uncertain.wait),
      afterwards,
      maxPayAgain: afterwards === 'pay-again' ? reader.number(root, at('uncertain', 'max_pay_again'), 0) : 0,
    },
  };
}

function readAccountWindows(root: YamlMap | null, name: string, reader: ConfigReader): AccountConfig['windows'] {
  const list = valueAt(root, ['accounts', name, 'windows']);
  if (list?.kind !== 'list') return [];
  const windows = list.items.flatMap((item, index) => {
    const text = textOf(item) ?? '';
    const reading = parseWindow(text);
    if (reading.kind === 'ok') return [reading.window];
    const fault = { code: 'M182', message: `"${text}" is no production window`, help: reading.reason } as const;
    reader.fault(fault, item, `/accounts/${name}/windows/${index}`);
    return [];
  });
  reader.note(`accounts.${name}.windows`, windows.map((window) => window.text).join('; '), reader.originOf(list));
  return windows;
}

/** The environment's key, its key file, the file's key, its key file: the first that is named. */
function readKey(
  root: YamlMap | null,
  name: string,
  reader: ConfigReader,
  spoken: boolean,
  readFile: ((path: string) => string) | null,
): Secret | null {
  const path = ['accounts', name, 'api_key'];
  const keyTree = valueAt(root, path);
  const fileTree = valueAt(root, ['accounts', name, 'api_key_file']);
  if (textOf(keyTree) !== null && fileTree !== null) {
    reader.fault(
      { code: 'M107', message: 'api_key and api_key_file exclude each other', help: 'keep one' },
      fileTree,
      `/accounts/${name}/api_key_file`,
    );
  }
  const envKey = spoken ? reader.environment('AKOOL_API_KEY') : null;
  const envFile = spoken && envKey === null ? reader.environment('AKOOL_API_KEY_FILE') : null;
  if (envFile !== null)
    return keyFromFile(envFile, `environment AKOOL_API_KEY_FILE`, name, reader, readFile, (what, help) =>
      reader.environmentFault('AKOOL_API_KEY_FILE', what, help, 'M183'),
    );
  const file = textOf(fileTree);
  if (envKey !== null || file === null || fileTree === null)
    return reader.secret(root, path, spoken ? 'AKOOL_API_KEY' : null);
  return keyFromFile(file, reader.originOf(fileTree), name, reader, readFile, (what, help) =>
    reader.fault({ code: 'M183', message: `the key file ${what}`, help }, fileTree, `/accounts/${name}/api_key_file`),
  );
}

function keyFromFile(
  file: string,
  origin: string,
  name: string,
  reader: ConfigReader,
  readFile: ((path: string) => string) | null,
  fail: (what: string, help: string) => void,
): Secret | null {
  let key = '';
  if (readFile !== null) {
    try {
      key = readFile(file).trim();
      if (key === '') fail('is empty', 'write the key into it');
    } catch {
      fail('cannot be read', 'check the path and its permissions; commands that call the vendor need it');
    }
  }
  reader.settings.push({
    path: `accounts.${name}.api_key`,
    value: key === '' ? 'not set' : '[secret]',
    origin: `${origin} (${file})`,
  });
  return key === '' ? null : new Secret(key);
}

/** Without the trailing slash: the ledger compares addresses as text. */
function readBaseUrl(root: YamlMap | null, name: string, reader: ConfigReader, spoken: boolean): string {
  const env = spoken ? reader.environment('AKOOL_BASE_URL') : null;
  if (env !== null && !(/^https?:\/\/[^\s?#@]+$/iu.test(env) && URL.canParse(env)))
    reader.environmentFault('AKOOL_BASE_URL', 'is no http(s) URL', 'such as https://openapi.akool.com');
  const path = ['accounts', name, 'base_url'];
  const value =
    env === null
      ? reader.text(root, path, CONFIG_DEFAULTS.base_url)
      : reader.note(path.join('.'), env, 'environment AKOOL_BASE_URL');
  return value.replace(/\/+$/u, '');
}

function readPrices(root: YamlMap | null, name: string, reader: ConfigReader): AccountConfig['prices'] {
  const prices: Record<string, Price> = {};
  for (const resolution of RESOLUTIONS) {
    const path = ['accounts', name, 'prices', resolution];
    const tree = valueAt(root, path);
    const map = asMap(tree);
    if (map !== null) {
      const everyMs = parseDurationMs(textOf(valueOf(map, 'per_started')) ?? '') ?? 0;
      const credits = Number(textOf(valueOf(map, 'credits')) ?? '0');
      if (everyMs > 0) prices[resolution] = { kind: 'per-started', everyMs, credits };
      else
        reader.fault(
          { code: 'M182', message: 'per_started has to be longer than nothing', help: 'such as 5s' },
          map,
          `/${path.join('/')}`,
        );
      reader.note(path.join('.'), `${credits} per started ${everyMs} ms`, reader.originOf(map));
    } else if (textOf(tree) !== null) {
      prices[resolution] = { kind: 'per-task', credits: reader.number(root, path, 0) };
    }
  }
  return prices;
}

function valueAt(root: YamlMap | null, path: readonly string[]) {
  let map = root;
  for (const step of path.slice(0, -1)) map = asMap(map === null ? null : valueOf(map, step));
  return map === null ? null : valueOf(map, path.at(-1) ?? '');
}
