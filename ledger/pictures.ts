import type { Tx } from './open-ledger.ts';
import type { PictureRow } from './tables.ts';

/** Preview and face pictures of a batch that have no local copy yet and were not found missing: their URLs. */
export async function missingPictures(db: Tx, batch: string): Promise<string[]> {
  const known = new Set((await picturesOf(db, batch)).map((picture) => picture.url));
  const items = await db
    .selectFrom('items')
    .leftJoin('analyses', 'analyses.id', 'items.analysis')
    .select(['items.mappings', 'analyses.people'])
    .where('items.batch', '=', batch)
    .execute();
  const wanted = new Set<string>();
  for (const item of items) {
    for (const { url } of JSON.parse(item.mappings ?? '[]') as { url: string }[]) wanted.add(url);
    for (const { preview } of JSON.parse(item.people ?? '[]') as { preview: string }[]) wanted.add(preview);
  }
  wanted.delete('');
  return [...wanted].filter((url) => !known.has(url));
}

export function picturesOf(db: Tx, batch: string): Promise<PictureRow[]> {
  return db.selectFrom('pictures').selectAll().where('batch', '=', batch).execute();
}

export async function recordPicture(tx: Tx, picture: PictureRow): Promise<void> {
  await tx
    .insertInto('pictures')
    .values(picture)
    .onConflict((c) => c.columns(['batch', 'url']).doUpdateSet({ file: picture.file, at: picture.at }))
    .execute();
}
