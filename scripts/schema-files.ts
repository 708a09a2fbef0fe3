import type { TSchema } from 'typebox';
import { ConfigSchema } from '../schemas/config.ts';
import { EventsSchema } from '../schemas/events.ts';
import { ManifestSchema } from '../schemas/manifest.ts';
import { ReportSchema } from '../schemas/report.ts';
import { renderManifestReference } from './manifest-reference.ts';

/** The published schemas: one line each. */
const SCHEMAS: Readonly<Record<string, TSchema>> = {
  manifest: ManifestSchema,
  config: ConfigSchema,
  report: ReportSchema,
  events: EventsSchema,
};

/** All generated files by path, as they have to be committed. Pure, so that a test can compare. */
export function generatedFiles(): { readonly path: string; readonly text: string }[] {
  const schemas = Object.entries(SCHEMAS).map(([name, schema]) => ({
    path: `schemas/${name}.schema.json`,
    text: `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema }, null, 2)}\n`,
  }));
  return [...schemas, { path: 'docs/manifest.md', text: renderManifestReference() }];
}
