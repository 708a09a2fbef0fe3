import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { buildProgram } from '../../cli/program.ts';

/**
 * Whether the real command tree accepts these words: names, arguments, flags and their values are read, the command does
 * not run. Gives the command's name, or what the program says against it.
 */
export async function dryParse(
  words: readonly string[],
): Promise<{ readonly command: string } | { readonly refused: string }> {
  let command: string | null = null;
  const host = {
    run: (asked: CommandUnknownOpts) => {
      command = asked.name();
      return Promise.resolve();
    },
  };
  const program = await buildProgram({ version: '0.0.0', host, loaded: words, writeOut: () => undefined });
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    const { exitCode, message } = error as { exitCode?: number; message: string };
    // Help and version end like this, with nothing wrong.
    if (exitCode === 0) return { command: words[0] ?? '' };
    return { refused: message };
  }
  return command === null ? { refused: 'no command was given' } : { command };
}
