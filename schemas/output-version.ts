/** Stands in an item's output for the number of its paid version, which is filled in when the output is collected. */
export const VERSION_PLACE = '{version}';

/**
 * Storage key of an output: an output is never overwritten, so a second paid version of an item becomes `{id}.v2.mp4`
 * (contract section 6), unless its name says where the number goes.
 */
export function outputKey(output: string, version: number): string {
  if (output.includes(VERSION_PLACE)) return output.replaceAll(VERSION_PLACE, String(Math.max(1, version)));
  if (version <= 1) return output;
  const dot = output.lastIndexOf('.');
  const slash = output.lastIndexOf('/');
  return dot > slash + 1 ? `${output.slice(0, dot)}.v${version}${output.slice(dot)}` : `${output}.v${version}`;
}
