/** Colour, decided once. A colour never stands alone: the word it colours says the same. */
import { styleText } from 'node:util';

export type Ink = 'good' | 'bad' | 'warn' | 'dim' | 'strong';
export type Paint = (ink: Ink, text: string) => string;

const FORMAT = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const;

export const noPaint: Paint = (_ink, text) => text;

const ansiPaint: Paint = (ink, text) => styleText(FORMAT[ink], text, { validateStream: false });

export interface ColourFacts {
  readonly isTerminal: boolean;
  /** The flag --no-color. */
  readonly refused: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Colour only on a terminal, and there not with --no-color, a non-empty NO_COLOR (no-color.org) or TERM=dumb.
 * FORCE_COLOR is for pipes that end in a terminal, such as a CI log.
 */
export function choosePaint({ isTerminal, refused, env }: ColourFacts): Paint {
  if (refused || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return noPaint;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '' && forced !== '0' && forced !== 'false') return ansiPaint;
  return isTerminal ? ansiPaint : noPaint;
}
