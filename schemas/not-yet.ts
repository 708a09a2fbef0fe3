/**
 * Fields that the contract announces and this version does not have. They are refused with one clear line, never ignored.
 * Shorten the lists when a part arrives.
 */
export const NOT_YET_MANIFEST: readonly { readonly key: string; readonly what: string }[] = [
  { key: 'tolerate', what: 'stopping a batch when too many items fail' },
];

/** `path` is a dotted path in headswap.yaml (`*`: any key). Null and empty lists are accepted, because they change nothing. */
export const NOT_YET_CONFIG: readonly { readonly path: string; readonly what: string }[] = [
  { path: 'accounts.*.windows', what: 'production windows' },
  { path: 'require', what: 'refusing rows without a consent' },
  { path: 'notify', what: 'notifications' },
];

/** Storage places by the start of their address. */
export const NOT_YET_STORAGE: readonly { readonly prefix: string; readonly what: string }[] = [
  { prefix: 's3:', what: 'storage in S3' },
];
