/** The published JSON Schemas, by the names `headswap schema` takes. */
import type { TSchema } from 'typebox';

export const SCHEMA_NAMES = ['manifest', 'config', 'report', 'events'] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

/** Indented JSON with a line end. */
export async function schemaText(name: SchemaName): Promise<string> {
  return `${JSON.stringify(await schemaOf(name), null, 2)}\n`;
}

async function schemaOf(name: SchemaName): Promise<TSchema> {
  switch (name) {
    case 'manifest':
      return (await import('../schemas/manifest.ts')).ManifestSchema;
    case 'config':
      return (await import('../schemas/config.ts')).ConfigSchema;
    case 'report':
      return (await import('../schemas/report.ts')).ReportSchema;
    case 'events':
      return (await import('../schemas/events.ts')).EventsSchema;
    default:
      return name satisfies never;
  }
}
