/** Readers of flag values. They throw commander's own error, which names the flag and ends with exit 2. */
import { InvalidArgumentError } from '@commander-js/extra-typings';
import { parseDurationMs } from '../schemas/duration.ts';

export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/u.test(text) ? Number(text) : Number.NaN;
    if (!(value >= minimum)) throw new InvalidArgumentError(`It takes a whole number from ${minimum}.`);
    return value;
  };
}

/** Credits: not negative, decimals allowed. */
export function creditAmount(text: string): number {
  const value = /^\d{1,12}(\.\d{1,6})?$/u.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new InvalidArgumentError('It takes a number of credits, such as 1200.');
  return value;
}

/** Milliseconds of a duration such as `30m`. */
export function durationMs(text: string): number {
  const value = parseDurationMs(text);
  if (value === null) throw new InvalidArgumentError('It takes a duration: 500ms, 5s, 30m, 2h, 1d.');
  return value;
}

export function portNumber(text: string): number {
  const value = wholeNumber(0)(text);
  if (value > 65_535) throw new InvalidArgumentError('It takes a port, 0 to 65535 (0: any free one).');
  return value;
}

/** A list with commas, each one of `known`. */
export function listOf<const T extends string>(known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((part) => {
      const found = known.find((name) => name === part.trim().toLowerCase());
      if (found === undefined) {
        throw new InvalidArgumentError(`"${part.trim()}" is none of ${known.join(', ')}.`);
      }
      return found;
    });
}
