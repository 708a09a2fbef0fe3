/**
 * Chance from a seed and a name: the same question gives the same answer, in whatever order questions come, also after a
 * restart. Uniform in [0, 1).
 */
export function chance(seed: number, ...name: readonly (string | number)[]): number {
  let hash = (2_166_136_261 ^ seed) >>> 0;
  const text = name.join('\u0000');
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619) >>> 0;
  // FNV-1a alone is weak in its low bits for short names: mix once.
  hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}

/** A duration in milliseconds: fixed, or seeded between two bounds. */
export type Span = number | readonly [number, number];

export function pickMs(span: Span, seed: number, ...name: readonly (string | number)[]): number {
  return typeof span === 'number' ? span : Math.round(span[0] + (span[1] - span[0]) * chance(seed, ...name));
}
