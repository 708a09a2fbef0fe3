/** From the `storage` setting to a store. */
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openFileStore } from './file-store.ts';
import type { OutputStore } from './output-store.ts';

export type OpenedStore =
  | { readonly kind: 'store'; readonly store: OutputStore }
  /** A mistake in the setting (exit 2), in one line. */
  | { readonly kind: 'refused'; readonly reason: string };

/** `file:./out` is relative to the folder of `headswap.yaml` (`baseDir`, absolute). Touches no disk. */
export function openStore(setting: string, baseDir: string): OpenedStore {
  const refuse = (reason: string): OpenedStore => ({ kind: 'refused', reason });
  if (/^s3:/i.test(setting)) {
    return refuse(
      `storage ${setting.split('?')[0]}: object storage is not supported yet; use a folder, for example file:./out`,
    );
  }
  if (!/^file:/i.test(setting))
    return refuse(`storage "${setting}" is not understood; write a folder, for example file:./out`);
  const path = setting.slice('file:'.length);
  if (path.trim() === '') return refuse('storage file: names no folder; write one, for example file:./out');
  if (path.startsWith('//')) {
    const url = URL.canParse(setting) ? new URL(setting) : null;
    if (url === null || url.host !== '')
      return refuse(`storage "${setting}" names a host; write file:/folder or file:./folder`);
    return { kind: 'store', store: openFileStore(fileURLToPath(url)) };
  }
  return { kind: 'store', store: openFileStore(isAbsolute(path) ? path : resolve(baseDir, path)) };
}
