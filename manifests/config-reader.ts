import type { ConfigSetting } from '../schemas/config.ts';
import { parseDurationMs } from '../schemas/duration.ts';
import type { ManifestCode } from '../schemas/manifest-codes.ts';
import { Secret } from '../schemas/secret.ts';
import { quoted, type ValueFault } from './fault.ts';
import { ProblemList } from './problem-list.ts';
import { isNull, valueOf } from './yaml-data.ts';
import type { YamlMap, YamlTree } from './yaml-tree.ts';
import { YamlPlaces } from './yaml-places.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
type Spot = { readonly start: number; readonly end: number };

const SECRET_PATH = /^\/(accounts\/[^/]+\/(api_key|client_id|client_secret)|ledger|notify\/\d+\/(url|secret))$/u;
const SECRET_LINE = /(key|secret|client_id|ledger|token|password)["']?\s*:/iu;

/** Reads single settings of headswap.yaml and remembers where each came from. */
export class ConfigReader {
  readonly problems = new ProblemList();
  readonly places: YamlPlaces;
  readonly settings: ConfigSetting[] = [];
  readonly #env: Environment;
  readonly #file: string;

  constructor(text: string, file: string, env: Environment) {
    this.places = new YamlPlaces(file, text);
    this.#env = env;
    this.#file = file;
  }

  fault(fault: ValueFault, spot: Spot, path: string): void {
    const { code, help } = fault;
    const hidden = SECRET_PATH.test(path);
    // A wrong value may still be a secret, for one written with a wrong quote: it is neither quoted nor shown in its line.
    const message = hidden ? fault.message.replaceAll(/"[^"]*"/gu, 'the value') : fault.message;
    this.problems.add({ code, message, help }, () => {
      const place = this.places.at(spot.start, spot.end, path);
      // The address of a receiver is a secret, and may stand in the same line as what is wrong.
      const shows = hidden || path.startsWith('/notify') || SECRET_LINE.test(place.excerpt?.text ?? '');
      return shows ? { ...place, excerpt: null } : place;
    });
  }

  /** A variable's value; an empty one counts as not set. */
  environment(name: string): string | null {
    const value = this.#env[name];
    return value === undefined || value === '' ? null : value;
  }

  environmentFault(name: string, what: string, help: string, code: ManifestCode = 'M182'): void {
    const place = { file: `environment ${name}`, line: 1, column: 1, path: '', cell: null, excerpt: null };
    this.problems.add({ code, message: `the environment variable ${name} ${what}`, help }, () => place);
  }

  note<T>(path: string, value: T, origin: string): T {
    this.settings.push({ path, value: value === null ? 'not set' : String(value), origin });
    return value;
  }

  originOf(tree: YamlTree): string {
    return `${this.#file}:${this.places.lineOf(tree.start)}`;
  }

  number(root: YamlMap | null, path: readonly string[], builtIn: number): number {
    const text = this.#scalar(root, path);
    const value = text === null ? builtIn : Number(text.text);
    return this.note(
      path.join('.'),
      Number.isFinite(value) ? value : builtIn,
      text === null ? 'built-in' : this.originOf(text),
    );
  }

  boolean(root: YamlMap | null, path: readonly string[], builtIn: boolean): boolean {
    const text = this.#scalar(root, path);
    return this.note(
      path.join('.'),
      text === null ? builtIn : text.text.toLowerCase() === 'true',
      text === null ? 'built-in' : this.originOf(text),
    );
  }

  text(root: YamlMap | null, path: readonly string[], builtIn: string): string {
    const text = this.#scalar(root, path);
    if (text !== null && /\$\{[^}]*\}/u.test(text.text)) {
      this.fault(
        {
          code: 'M181',
          message: `${quoted(text.text)} is not replaced here`,
          help: '${NAME} works only as the whole value of a secret; write the value out, or set its environment variable',
        },
        text,
        `/${path.join('/')}`,
      );
    }
    return this.note(path.join('.'), text?.text ?? builtIn, text === null ? 'built-in' : this.originOf(text));
  }

  durationMs(root: YamlMap | null, path: readonly string[], builtIn: string): number {
    return parseDurationMs(this.text(root, path, builtIn)) ?? parseDurationMs(builtIn) ?? 0;
  }

  /** A secret: the environment's, else the file's, where `${NAME}` as the whole value takes a variable's. */
  secret(root: YamlMap | null, path: readonly string[], variable: string | null): Secret | null {
    const name = path.join('.');
    const env = variable === null ? null : this.environment(variable);
    if (env !== null) {
      this.settings.push({ path: name, value: '[secret]', origin: `environment ${variable ?? ''}` });
      return new Secret(env.trim());
    }
    const tree = this.#scalar(root, path);
    if (tree === null) return null;
    const value = this.interpolated(tree, `/${path.join('/')}`);
    this.settings.push({ path: name, value: value === null ? 'not set' : '[secret]', origin: this.originOf(tree) });
    return value === null ? null : new Secret(value);
  }

  /** The text of a secret's scalar with `${NAME}` replaced; null (and a warning) when the variable is not set. */
  interpolated(tree: { text: string } & Spot, path: string): string | null {
    const name = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/u.exec(tree.text)?.[1];
    if (name === undefined) {
      if (!tree.text.includes('${')) return tree.text;
      // The value may be a secret in part: the message must not repeat it, and the marked line is left out.
      this.problems.add(
        {
          code: 'M181',
          message: '`${NAME}` has to be the whole value',
          help: 'put the whole secret into the variable',
        },
        () => ({ ...this.places.at(tree.start, tree.end, path), excerpt: null }),
      );
      return null;
    }
    const value = this.environment(name);
    if (value === null)
      this.fault(
        {
          code: 'M180',
          message: `the variable ${name} is not set`,
          help: `export ${name}=..., or remove the line; commands that call the vendor need it`,
        },
        tree,
        path,
      );
    return value;
  }

  /** An address that the environment may override. */
  address(
    root: YamlMap | null,
    key: string,
    variable: string,
    builtIn: string,
  ): { value: string; origin: string; isEnvironment: boolean } {
    const env = this.environment(variable);
    if (env !== null) return { value: env, origin: `environment ${variable}`, isEnvironment: true };
    const tree = this.#scalar(root, [key]);
    if (tree === null) return { value: builtIn, origin: 'built-in', isEnvironment: false };
    const value =
      key === 'ledger' && tree.text.startsWith('${') ? (this.interpolated(tree, `/${key}`) ?? '') : tree.text;
    return { value, origin: this.originOf(tree), isEnvironment: false };
  }

  addressFault(
    key: string,
    variable: string,
    isEnvironment: boolean,
    root: YamlMap | null,
    what: string,
    help: string,
    code: ManifestCode = 'M182',
  ): void {
    if (isEnvironment) {
      this.environmentFault(variable, what, help, code);
      return;
    }
    const tree = root === null ? null : valueOf(root, key);
    this.fault({ code, message: `"${key}" ${what}`, help }, tree ?? { start: 0, end: 1 }, `/${key}`);
  }

  #scalar(root: YamlMap | null, path: readonly string[]): (YamlTree & { kind: 'scalar' }) | null {
    let tree: YamlTree | null = root;
    for (const step of path) tree = tree?.kind === 'map' ? valueOf(tree, step) : null;
    return tree?.kind === 'scalar' && !isNull(tree) ? tree : null;
  }
}
