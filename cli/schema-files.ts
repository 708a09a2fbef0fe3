/** The published JSON Schemas, by the names `headswap schema` takes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const SCHEMA_NAMES = ['manifest', 'config', 'report', 'events'] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

/** The file as it lies in `schemas/`, which a test there keeps true to the program's own shapes. */
export async function schemaText(name: SchemaName): Promise<string> {
  return readFile(join(import.meta.dirname, '..', 'schemas', `${name}.schema.json`), 'utf8');
}
