/** Values as people read them. Times are UTC: a report is read in other places than it was made in. */

export function readableTime(iso: string): string {
  const [day, time] = new Date(iso).toISOString().split('T');
  return `${day ?? ''} ${(time ?? '').slice(0, 8)} UTC`;
}

/** `4 s`, `12 min 5 s`, `3 h 20 min`, `2 d 4 h`: two units at most. */
export function readableDuration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1).replace(/\.0$/, '')} s`;
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ];
  let left = Math.round(ms / 1000) * 1000;
  const at = units.findIndex(([, size]) => left >= size);
  const parts: string[] = [];
  for (const [name, size] of units.slice(at, at + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(' ');
}

export function readableBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step] ?? ''}`;
}

/** `1,430`; null is said, not left out. */
export function readableCredits(credits: number | null): string {
  return credits === null ? 'unknown' : credits.toLocaleString('en-GB', { maximumFractionDigits: 2 });
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}

/** A relative path as a link: every part encoded, so that `#`, `?` and `%` in file names stay file names. */
export function hrefOfPath(path: string): string {
  return path.toWellFormed().split('/').map(encodeURIComponent).join('/');
}

/** The address when it is http(s), else null: links to anything else are shown as text. */
export function webAddress(url: string | null): string | null {
  return url !== null && /^https?:\/\//i.test(url) ? url : null;
}

/** Text with commands between backquotes, in pieces: every second piece is a command. */
export function proseOf(text: string): { readonly text: string; readonly command: boolean }[] {
  return text.split('`').map((part, n) => ({ text: part, command: n % 2 === 1 }));
}
