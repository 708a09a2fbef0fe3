/**
 * Storage key of an output: an output is never overwritten, so a second paid version of an item becomes `{id}.v2.mp4`
 * (contract section 6).
 */
export function outputKey(output: string, version: number): string {
  if (version <= 1) return output;
  const dot = output.lastIndexOf('.');
  const slash = output.lastIndexOf('/');
  return dot > slash + 1 ? `${output.slice(0, dot)}.v${version}${output.slice(dot)}` : `${output}.v${version}`;
}
