import { renderCodes } from './codes.ts';
import { renderCommands } from './commands.ts';
import { renderConfiguration } from './configuration.ts';
import { renderReport } from './report.ts';

/** All generated pages by path, as they have to be committed, so that a test can compare. */
export async function referencePages(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  return [
    { path: 'docs/reference/commands.md', text: await renderCommands() },
    { path: 'docs/reference/configuration.md', text: renderConfiguration() },
    { path: 'docs/reference/failure-codes.md', text: renderCodes() },
    { path: 'docs/reference/report.md', text: renderReport() },
  ];
}
