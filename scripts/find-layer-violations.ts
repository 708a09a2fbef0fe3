import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { LAYERS, OUTSIDE, PROCESS_MEMBERS_OF_MAIN, type LayerRule, type Reach } from './layers.ts';
import { readImports, type ImportSite, type SourceFacts } from './read-imports.ts';

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

type Facts = ReadonlyMap<string, SourceFacts>;

/**
 * Checks sources against the table in layers.ts. Keys of `sources` are paths from the repository's root with forward
 * slashes, values the text. Also refuses folders that import each other in a circle, whatever the table allows.
 */
export function findLayerViolations(sources: ReadonlyMap<string, string>): Violation[] {
  const facts: Facts = new Map(
    [...sources]
      .filter(([file]) => !isOutside(folderOf(file)))
      .map(([file, text]) => [file, readImports(file, text)] as const),
  );
  const found: Violation[] = [];
  for (const [file, { imports, processUses }] of facts) {
    const rule = LAYERS[folderOf(file)];
    if (!rule) {
      found.push({ file, line: 1, message: `folder ${folderOf(file)}/ has no rule in scripts/layers.ts` });
      continue;
    }
    for (const site of imports) {
      const message = judgeImport(file, site, rule);
      if (message) found.push({ file, line: site.line, message });
    }
    if (isMain(file)) continue;
    for (const { member, line } of processUses) {
      if (member !== undefined && !PROCESS_MEMBERS_OF_MAIN.has(member)) continue;
      const what = member === undefined ? '`process` itself' : `process.${member}`;
      found.push({ file, line, message: `only main.ts may touch ${what}: take it as an argument` });
    }
  }
  return [...found, ...findForbiddenPackages(facts), ...findFolderCycles(facts)];
}

function judgeImport(file: string, site: ImportSite, rule: LayerRule): string | undefined {
  if (site.specifier === undefined) return 'an import of a computed path cannot be checked: write the path out';
  const target = targetOf(file, site.specifier);
  const from = folderOf(file);
  if (target === undefined && rule.notPackages?.test(packageOf(site.specifier)) === true)
    return `${from}/ may not import ${site.specifier}: what it does belongs to operations/`;
  // The program's name and version stand in package.json, and nowhere else.
  if (target === undefined || target === 'package.json') return undefined;
  const to = folderOf(target);
  if (from === to) return undefined;
  const reach: Reach | undefined = rule.may[to] ?? (isMain(file) ? rule.mainMay?.[to] : undefined);
  if (!reach) return `${from}/ may not import ${to}/ (${site.specifier})`;
  if (reach === 'types' && !site.typeOnly) return `${from}/ may import only types of ${to}/: write \`import type\``;
  const only = rule.onlyFiles?.[to];
  return only && !only.test(target) ? `${from}/ may not import ${target}, only ${String(only)}` : undefined;
}

/** Follows run-time imports from each folder that restricts its packages, into whatever else they load. */
function findForbiddenPackages(facts: Facts): Violation[] {
  const found: Violation[] = [];
  for (const [folder, { packagesAtRunTime: allowed }] of Object.entries(LAYERS)) {
    if (!allowed) continue;
    const seen = new Set([...facts.keys()].filter((file) => folderOf(file) === folder));
    for (const file of seen) {
      for (const { specifier, typeOnly, line } of facts.get(file)?.imports ?? []) {
        if (typeOnly || specifier === undefined) continue;
        const target = targetOf(file, specifier);
        if (target !== undefined) seen.add(target);
        else if (!allowed.includes(packageOf(specifier))) {
          const kind = isBuiltin(specifier) ? 'the Node module' : 'the package';
          found.push({ file, line, message: `${folder}/ would load ${kind} ${specifier} at run time` });
        }
      }
    }
  }
  return found;
}

/** Folders that reach each other in a circle, the parts a main starts included: one cannot be understood alone. */
function findFolderCycles(facts: Facts): Violation[] {
  const edges = new Map<string, Map<string, { file: string; line: number }>>();
  for (const [file, { imports }] of facts) {
    const from = folderOf(file);
    for (const { specifier, line } of imports) {
      const target = specifier === undefined ? undefined : targetOf(file, specifier);
      if (target === undefined || target === 'package.json' || folderOf(target) === from) continue;
      const out = edges.get(from) ?? new Map<string, { file: string; line: number }>();
      edges.set(from, out.set(folderOf(target), { file, line }));
    }
  }
  const found: Violation[] = [];
  const visit = (folder: string, path: readonly string[]): void => {
    for (const [next, site] of edges.get(folder) ?? []) {
      // Each circle is told once, from its alphabetically first folder.
      if (next === path[0]) found.push({ ...site, message: `folders in a circle: ${[...path, next].join(' -> ')}` });
      else if (next > (path[0] ?? '') && !path.includes(next)) visit(next, [...path, next]);
    }
  };
  for (const folder of edges.keys()) visit(folder, [folder]);
  return found;
}

function targetOf(file: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), specifier)) : undefined;
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '.';
}

function isMain(file: string): boolean {
  return posix.basename(file) === 'main.ts';
}

function isOutside(folder: string): boolean {
  return folder === '.' || (OUTSIDE as readonly string[]).includes(folder);
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(packageOf(specifier));
}
