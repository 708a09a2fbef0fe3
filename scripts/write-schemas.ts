/** Writes the published JSON Schemas and the manifest reference from their sources: `node scripts/write-schemas.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from './schema-files.ts';

for (const file of generatedFiles()) {
  writeFileSync(join(import.meta.dirname, '..', file.path), file.text);
  console.log(file.path);
}
