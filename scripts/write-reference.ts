/** Writes docs/reference from the program's own lists: `node scripts/write-reference.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referencePages } from './reference/pages.ts';

for (const page of await referencePages()) {
  writeFileSync(join(import.meta.dirname, '..', page.path), page.text);
  console.log(page.path);
}
