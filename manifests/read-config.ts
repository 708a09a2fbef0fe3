import { NO_SETTINGS } from '../schemas/item-fields.ts';
import {
  CONFIG_DEFAULTS,
  ConfigSchema,
  METRICS_PATTERN,
  type Config,
  type LedgerConfig,
  type StorageConfig,
} from '../schemas/config.ts';
import type { Problem } from '../schemas/manifest-item.ts';
import { NOT_YET_CONFIG, NOT_YET_STORAGE } from '../schemas/not-yet.ts';
import { REQUIREMENTS } from '../schemas/requirement.ts';
import { Secret } from '../schemas/secret.ts';
import { checkSettings } from './build-item.ts';
import { ConfigReader, type Environment } from './config-reader.ts';
import { FaceBook } from './face-book.ts';
import { readAccounts } from './read-accounts.ts';
import { addFace } from './read-faces.ts';
import { readNotify } from './read-notify.ts';
import { treeSchema } from './schema-faults.ts';
import { createAddressCheck } from './web-address.ts';
import { isNull, valueOf } from './yaml-data.ts';
import { asMap, readFaces, readSettings } from './yaml-manifest.ts';
import { readYamlTree, type YamlMap, type YamlTree } from './yaml-tree.ts';

export interface ConfigFlags {
  /** `--port` */
  readonly port?: number | undefined;
}

export interface ConfigReading {
  /** Null when there are problems. */
  readonly config: Config | null;
  readonly problems: readonly Problem[];
  /** A variable or key file that is not there: only commands that need a key are concerned. */
  readonly warnings: readonly Problem[];
}

const schema = treeSchema(ConfigSchema, {
  numeric:
    'create_per_second analyze_per_second poll_per_second open_tasks open_analyses max_uncertain factor credits max_pay_again port 480p 720p'.split(
      ' ',
    ),
  ownWords: (path) => path.startsWith('/faces'),
});

/**
 * Reads the configuration (contract section 5): headswap.yaml, then environment, then flags. Pure: the environment is an
 * argument, and a key file is read through `readFile` (relative paths belong to the folder of headswap.yaml; it throws when
 * it cannot). All problems are reported at once. `text` is null when there is no headswap.yaml.
 */
export function parseConfig(
  text: string | null,
  file: string,
  env: Environment,
  flags: ConfigFlags = {},
  readFile: ((path: string) => string) | null = null,
): ConfigReading {
  const reader = new ConfigReader(text ?? '', file, env);
  const { tree, faults } = text === null ? { tree: null, faults: [] } : readYamlTree(text);
  for (const fault of faults) reader.fault(fault, fault, '');
  if (tree !== null && tree.kind !== 'map')
    reader.fault({ code: 'M103', message: 'headswap.yaml is a mapping', help: 'start with accounts:' }, tree, '');
  const root = refuseNotYet(asMap(tree), reader);
  if (root !== null) for (const fault of schema.check(root)) reader.fault(fault, fault, fault.path);
  const allowPrivateHosts = readSwitch(root, reader);
  const accounts = readAccounts(root, reader, readFile);
  const config: Omit<Config, 'settings'> = {
    accounts,
    defaultAccount: Object.hasOwn(accounts, 'default') ? 'default' : (Object.keys(accounts)[0] ?? 'default'),
    defaults: readDefaults(root, reader),
    faces: readConfigFaces(root, reader, allowPrivateHosts),
    ledger: readLedger(root, reader),
    storage: readStorage(root, reader),
    web: readWeb(root, reader, flags),
    metrics: readMetrics(root, reader),
    require: readRequired(root, reader),
    ignoreQuery: readIgnored(root, reader),
    allowPrivateHosts,
    notify: readNotify(root, reader),
  };
  const ok = reader.problems.errorCount === 0;
  return {
    config: ok ? deepFreeze({ ...config, settings: reader.settings }) : null,
    problems: reader.problems.errors.toSorted((a, b) => a.line - b.line || a.column - b.column),
    warnings: reader.problems.warnings,
  };
}

/** Takes fields of later versions out, each with one clear line. */
function refuseNotYet(root: YamlMap | null, reader: ConfigReader): YamlMap | null {
  if (root === null) return null;
  let current = root;
  for (const { path, what } of NOT_YET_CONFIG) {
    current = prune(current, path.split('.'), '', (pair, where) => {
      const empty =
        pair.value.kind === 'scalar'
          ? isNull(pair.value)
          : pair.value.kind === 'list'
            ? pair.value.items.length === 0
            : pair.value.pairs.length === 0;
      if (empty) return;
      reader.fault(
        {
          code: 'M106',
          message: `"${where.slice(1).replaceAll('/', '.')}" (${what}) is not available yet`,
          help: 'remove it until then',
        },
        pair.key,
        where,
      );
    });
  }
  return current;
}

function prune(
  map: YamlMap,
  path: readonly string[],
  at: string,
  found: (pair: YamlMap['pairs'][number], where: string) => void,
): YamlMap {
  const [step, ...rest] = path;
  const pairs = map.pairs.flatMap((pair) => {
    if (step !== '*' && pair.key.text !== step) return [pair];
    const where = `${at}/${pair.key.text}`;
    if (rest.length === 0) {
      found(pair, where);
      return [];
    }
    return [pair.value.kind === 'map' ? { ...pair, value: prune(pair.value, rest, where, found) } : pair];
  });
  return { ...map, pairs };
}

function readWeb(root: YamlMap | null, reader: ConfigReader, flags: ConfigFlags): Config['web'] {
  const { web } = CONFIG_DEFAULTS;
  const port =
    flags.port === undefined
      ? reader.number(root, ['web', 'port'], web.port)
      : reader.note('web.port', flags.port, 'flag --port');
  const publicUrl = reader.text(root, ['web', 'public_url'], '');
  return {
    port,
    host: reader.text(root, ['web', 'host'], web.host),
    publicUrl: publicUrl === '' ? null : publicUrl.replace(/\/+$/u, ''),
  };
}

function readSwitch(root: YamlMap | null, reader: ConfigReader): boolean {
  const env = reader.environment('HEADSWAP_ALLOW_PRIVATE_HOSTS');
  if (env === null) return reader.boolean(root, ['allow_private_hosts'], CONFIG_DEFAULTS.allow_private_hosts);
  const value = /^(1|true|yes)$/iu.test(env) ? true : /^(0|false|no)$/iu.test(env) ? false : null;
  if (value === null)
    reader.environmentFault('HEADSWAP_ALLOW_PRIVATE_HOSTS', 'is neither 1 nor 0', 'set it to 1, or unset it');
  return reader.note('allow_private_hosts', value ?? false, 'environment HEADSWAP_ALLOW_PRIVATE_HOSTS');
}

function readDefaults(root: YamlMap | null, reader: ConfigReader): Config['defaults'] {
  const map = asMap(root === null ? null : valueOf(root, 'defaults'));
  if (map === null) return NO_SETTINGS;
  const raw = readSettings(map);
  // Swap rules name faces, which only a manifest completes; they are checked there.
  const context = { faces: new FaceBook(), checkAddress: () => null };
  for (const fault of checkSettings({ ...raw, swap: null }, context))
    reader.fault(
      fault,
      (fault.field === null ? null : valueOf(map, fault.field)) ?? map,
      `/defaults/${fault.field ?? ''}`,
    );
  for (const pair of map.pairs)
    if (pair.value.kind === 'scalar')
      reader.note(`defaults.${pair.key.text}`, pair.value.text, reader.originOf(pair.value));
  return raw;
}

function readConfigFaces(root: YamlMap | null, reader: ConfigReader, allowPrivateHosts: boolean): Config['faces'] {
  const book = new FaceBook();
  const seen = new Set<string>();
  const checkAddress = createAddressCheck({ allowPrivateHosts });
  const fail = (fault: Parameters<ConfigReader['fault']>[0], place: () => ReturnType<ConfigReader['places']['at']>) =>
    reader.problems.add(fault, place);
  for (const face of readFaces(asMap(root === null ? null : valueOf(root, 'faces')), '/faces')) {
    addFace(face.raw, seen, { book, checkAddress, fail }, (fault) => {
      if (fault.field === 'name') return reader.places.at(face.key.start, face.key.end, face.path);
      return face.tree.kind === 'map'
        ? reader.places.ofFault(face.tree, face.path, fault)
        : reader.places.at(face.tree.start, face.tree.end, face.path);
    });
    reader.note(`faces.${face.raw.name}`, face.raw.image, reader.originOf(face.key));
  }
  return book.all;
}

function readLedger(root: YamlMap | null, reader: ConfigReader): LedgerConfig {
  const { value, origin, isEnvironment } = reader.address(root, 'ledger', 'HEADSWAP_LEDGER', CONFIG_DEFAULTS.ledger);
  if (/^postgres(ql)?:\/\//u.test(value)) {
    const shown = URL.canParse(value)
      ? `postgres://${new URL(value).host}${new URL(value).pathname}`
      : 'postgres://...';
    if (!URL.canParse(value))
      reader.addressFault(
        'ledger',
        'HEADSWAP_LEDGER',
        isEnvironment,
        root,
        'is no URL that can be read',
        'write postgres://user@host:5432/name',
      );
    reader.note('ledger', shown, origin);
    return { kind: 'postgres', url: new Secret(value), shown };
  }
  const file = /^sqlite:(.+)$/u.exec(value)?.[1];
  if (file === undefined && (isEnvironment || value === ''))
    reader.addressFault(
      'ledger',
      'HEADSWAP_LEDGER',
      isEnvironment,
      root,
      'is no ledger address',
      'write sqlite:FILE or postgres://...',
    );
  reader.note('ledger', file === undefined ? '?' : value, origin);
  return { kind: 'sqlite', file: file ?? '' };
}

function readMetrics(root: YamlMap | null, reader: ConfigReader): string | null {
  const { value, origin, isEnvironment } = reader.address(root, 'metrics', 'HEADSWAP_METRICS', '');
  if (value === '') return null;
  if (isEnvironment && !new RegExp(METRICS_PATTERN, 'u').test(value))
    reader.addressFault('metrics', 'HEADSWAP_METRICS', true, root, 'is no address', 'write HOST:PORT');
  return reader.note('metrics', value, origin);
}

function readStorage(root: YamlMap | null, reader: ConfigReader): StorageConfig {
  const { value, origin, isEnvironment } = reader.address(root, 'storage', 'HEADSWAP_STORAGE', CONFIG_DEFAULTS.storage);
  const later = NOT_YET_STORAGE.find((kind) => value.startsWith(kind.prefix));
  if (later !== undefined)
    reader.addressFault(
      'storage',
      'HEADSWAP_STORAGE',
      isEnvironment,
      root,
      `(${later.what}) is not available yet`,
      'use file:FOLDER until then',
      'M106',
    );
  else if (isEnvironment && !/^file:.+/u.test(value))
    reader.addressFault('storage', 'HEADSWAP_STORAGE', true, root, 'is no storage address', 'write file:FOLDER');
  reader.note('storage', value, origin);
  return { kind: 'file', folder: value.replace(/^file:(\/\/(?=\/))?/u, '') };
}

function readIgnored(root: YamlMap | null, reader: ConfigReader): readonly string[] {
  const list: YamlTree | null = root === null ? null : valueOf(root, 'ignore_query');
  const names = list?.kind === 'list' ? list.items.flatMap((item) => (item.kind === 'scalar' ? [item.text] : [])) : [];
  reader.note('ignore_query', names.join(', '), list === null ? 'built-in' : reader.originOf(list));
  return names;
}

function readRequired(root: YamlMap | null, reader: ConfigReader): Config['require'] {
  const list: YamlTree | null = root === null ? null : valueOf(root, 'require');
  const texts = list?.kind === 'list' ? list.items.flatMap((item) => (item.kind === 'scalar' ? [item.text] : [])) : [];
  const names = REQUIREMENTS.filter((name) => texts.includes(name));
  reader.note('require', names.join(', '), list === null ? 'built-in' : reader.originOf(list));
  return names;
}

function deepFreeze<T>(value: T): T {
  if (value === null || typeof value !== 'object' || value instanceof Secret) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
