import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import type { ManifestCode } from '../schemas/manifest-codes.ts';
import { quoted } from './fault.ts';
import { didYouMean } from './nearest-name.ts';
import { pairOf, plainKind, toData } from './yaml-data.ts';
import type { YamlFault, YamlTree } from './yaml-tree.ts';

export interface SchemaFault extends YamlFault {
  /** JSON pointer of the value that is meant. */
  readonly path: string;
}

/** A compiled schema with what is needed to speak about its errors. */
export interface TreeSchema {
  check(tree: YamlTree): SchemaFault[];
}

/** Of one value; each costs a search for its place, and nobody reads more. */
const MOST_ERRORS = 400;

/**
 * Compiles a schema for trees. `numeric` names the keys whose plain values are numbers. Where `ownWords`
 * says so, errors of patterns are left to the caller, which has better words for them.
 */
export function treeSchema(
  schema: TSchema,
  options: { numeric?: readonly string[]; ownWords?: (path: string) => boolean } = {},
): TreeSchema {
  let validate: ValidateFunction | null = null;
  const numeric = new Set(options.numeric ?? []);
  return {
    check(tree) {
      validate ??= new Ajv({ allErrors: true, verbose: true, strict: false, messages: false }).compile(schema);
      const data = toData(tree, numeric);
      if (validate(data)) return [];
      const errors = withoutUnionNoise((validate.errors ?? []).slice(0, MOST_ERRORS));
      const seen = new Set<string>();
      const faults: SchemaFault[] = [];
      for (const error of errors) {
        if (
          (error.keyword === 'pattern' || error.keyword === 'propertyNames') &&
          options.ownWords?.(error.instancePath) === true
        )
          continue;
        const fault = schemaFault(error, tree);
        const key = `${fault.path} ${fault.message}`;
        if (!seen.has(key)) faults.push(fault);
        seen.add(key);
      }
      return faults;
    },
  };
}

/**
 * Of a union, only the branch that the value was meant for is of interest: errors below the union's place tell which one.
 * Where none goes deeper, the union as a whole did not fit.
 */
function withoutUnionNoise(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter((error) => error.keyword === 'anyOf');
  return errors.filter((error) => {
    // What a name lacks is told by the error of `propertyNames` itself.
    if (error.propertyName !== undefined) return false;
    const insideOf = unions.filter(
      (union) =>
        error !== union &&
        error.schemaPath.startsWith(`${union.schemaPath}/`) &&
        error.instancePath.startsWith(union.instancePath),
    );
    const union = error.keyword === 'anyOf' ? error : null;
    const fitting = (owner: ErrorObject) =>
      errors.filter(
        (other) =>
          other !== owner &&
          other.schemaPath.startsWith(`${owner.schemaPath}/`) &&
          !(other.keyword === 'type' && other.instancePath === owner.instancePath) &&
          other.keyword !== 'const' &&
          other.keyword !== 'enum',
      );
    if (union !== null) return fitting(union).length === 0;
    return insideOf.every((owner) => fitting(owner).includes(error));
  });
}

function schemaFault(error: ErrorObject, root: YamlTree): SchemaFault {
  const path = error.instancePath;
  const tree = treeAt(root, path);
  const at = (
    fault: { code: ManifestCode; message: string; help: string | null },
    spot: { start: number; end: number } = tree,
    where = path,
  ): SchemaFault => ({ ...fault, start: spot.start, end: spot.end, path: where });
  const name = path.split('/').at(-1) ?? '';
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
      const pair = tree.kind === 'map' ? pairOf(tree, key) : null;
      const help = didYouMean(key, known, 'Known here') ?? 'own fields start with x_';
      return at(
        { code: 'M101', message: `unknown key ${quoted(key)}`, help },
        pair?.key ?? tree,
        `${path}/${escapePointer(key)}`,
      );
    }
    case 'required': {
      const key = String(params['missingProperty']);
      const spot = { start: tree.start, end: Math.min(tree.end, tree.start + 1) };
      return at({ code: 'M102', message: `${quoted(key)} is missing`, help: `add ${key}: ...` }, spot);
    }
    case 'propertyNames': {
      const key = String(params['propertyName']);
      const pair = tree.kind === 'map' ? pairOf(tree, key) : null;
      return at(
        { code: 'M103', message: `${quoted(key)} cannot be a name here`, help: 'a name has letters, digits, . _ -' },
        pair?.key ?? tree,
        `${path}/${escapePointer(key)}`,
      );
    }
    case 'const':
    case 'enum': {
      const allowed =
        error.keyword === 'const'
          ? [String(params['allowedValue'])]
          : ((params['allowedValues'] as unknown[]) ?? []).map(String);
      const code = name === 'version' ? 'M105' : 'M103';
      const written = writtenOf(tree);
      return at({
        code,
        message: `${written} is not known for ${quoted(name)}`,
        help: didYouMean(tree.kind === 'scalar' ? tree.text : '', allowed, 'Known') ?? `write ${allowed.join(' or ')}`,
      });
    }
    case 'pattern': {
      const kind = String(error.parentSchema?.['title'] ?? 'value for this field');
      const [example] = (error.parentSchema?.['examples'] as unknown[] | undefined) ?? [];
      return at({
        code: 'M103',
        message: `${writtenOf(tree)} is no ${kind}`,
        help:
          example === undefined ? null : `such as ${typeof example === 'string' ? example : JSON.stringify(example)}`,
      });
    }
    case 'maxLength':
      return at({
        code: 'M125',
        message: `the text is longer than ${String(params['limit'])} characters`,
        help: 'shorten it',
      });
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
      return at({
        code: 'M103',
        message: `${writtenOf(tree)} is out of range for ${quoted(name)}`,
        help: `the value has to be ${String(params['comparison'])} ${String(params['limit'])}`,
      });
    case 'minItems':
    case 'minProperties':
      return at({
        code: name === 'items' ? 'M005' : 'M103',
        message: `${quoted(name)} is empty`,
        help: 'add at least one',
      });
    case 'maxItems':
    case 'maxProperties':
      return at({
        code: 'M103',
        message: `${quoted(name)} has more than ${String(params['limit'])} entries`,
        help: 'split it',
      });
    default:
      return at(kindFault(tree, name, error.parentSchema));
  }
}

/** A value of the wrong kind: null and booleans most often lack quotes. */
function kindFault(
  tree: YamlTree,
  name: string,
  schema: object | undefined,
): { code: ManifestCode; message: string; help: string | null } {
  const kinds = expectedKinds(schema);
  const label = name === '' || /^\d+$/u.test(name) ? 'the value' : quoted(name);
  if (tree.kind === 'scalar' && tree.plain && kinds.has('text')) {
    const plain = plainKind(tree.text);
    if (plain === 'null')
      return {
        code: 'M104',
        message: `${label} has no value`,
        help: 'write a value, or remove the line; a text such as "null" needs quotes',
      };
    if (plain === 'boolean')
      return {
        code: 'M104',
        message: `${label} is the word ${tree.text}, which YAML reads as yes or no`,
        help: `put quotes around it: "${tree.text}"`,
      };
  }
  const wanted = [...kinds].join(' or ');
  return {
    code: 'M103',
    message: `${label} has to be ${wanted === '' ? 'something else' : wanted}, not ${kindName(tree)}`,
    help: null,
  };
}

function expectedKinds(schema: object | undefined): Set<string> {
  const words: Record<string, string> = {
    string: 'text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping',
    null: 'null',
  };
  const branches = (schema as { anyOf?: object[] } | undefined)?.anyOf ?? [schema ?? {}];
  const kinds = branches.flatMap((branch) => {
    const type = (branch as { type?: string }).type;
    return type === undefined ? [] : [words[type] ?? type];
  });
  if (kinds.includes('text')) return new Set(kinds.filter((kind) => kind !== 'a number'));
  return new Set(kinds);
}

function kindName(tree: YamlTree): string {
  if (tree.kind === 'list') return 'a list';
  if (tree.kind === 'map') return 'a mapping';
  if (tree.plain && plainKind(tree.text) === 'null') return 'nothing';
  return quoted(tree.text);
}
function writtenOf(tree: YamlTree): string {
  return tree.kind === 'scalar' ? quoted(tree.text) : kindName(tree);
}

function treeAt(root: YamlTree, pointer: string): YamlTree {
  let tree = root;
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    const next =
      tree.kind === 'map' ? pairOf(tree, key)?.value : tree.kind === 'list' ? tree.items[Number(key)] : undefined;
    if (next === undefined) return tree;
    tree = next;
  }
  return tree;
}
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
