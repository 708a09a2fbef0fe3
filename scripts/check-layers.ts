/** `node scripts/check-layers.ts [ROOT]`: refuses imports against the table in layers.ts. Exit 1 with one line for each. */
import { fileURLToPath } from 'node:url';
import { findLayerViolations } from './find-layer-violations.ts';
import { readSources } from './read-sources.ts';

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
const sources = readSources(root);
const violations = findLayerViolations(sources);
for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`);
if (sources.size === 0) console.error(`no sources under ${root}: the check looked in the wrong place`);
if (violations.length > 0 || sources.size === 0) process.exitCode = 1;
else console.log(`layers: ${sources.size} files keep the import rule`);
