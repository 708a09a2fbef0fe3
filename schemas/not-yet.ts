/**
 * Fields that the contract announces and this version does not have. They are refused with one clear line, never ignored.
 * Shorten the lists when a part arrives.
 */
export const NOT_YET_MANIFEST: readonly { readonly key: string; readonly what: string }[] = [];

/** `path` is a dotted path in headswap.yaml (`*`: any key). Null and empty lists are accepted, because they change nothing. */
export const NOT_YET_CONFIG: readonly { readonly path: string; readonly what: string }[] = [];

/** Storage places by the start of their address. */
export const NOT_YET_STORAGE: readonly { readonly prefix: string; readonly what: string }[] = [
  { prefix: 's3:', what: 'storage in S3' },
];
