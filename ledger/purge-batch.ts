import type { Mapping, SwapRule } from '../schemas/manifest-item.ts';
import type { Tx } from './open-ledger.ts';
import { isBusy, openConnection } from './sqlite-connection.ts';

const COMPACT_WAIT_MS = 5_000;

/** What a batch has that tells who is in it or where its media lie. */
export interface Erasable {
  /** Distinct URLs: of videos, faces, previews, outputs at the vendor. */
  readonly urls: readonly string[];
  readonly faces: readonly string[];
  /** Rows of the contact sheet that were decided. */
  readonly picks: number;
  /** Items that still need their URLs, by id. */
  readonly open: readonly string[];
  /** Storage keys of outputs of any batch: never erased. */
  readonly outputs: ReadonlySet<string>;
}

export async function erasableOf(db: Tx, batch: string): Promise<Erasable> {
  const items = await db
    .selectFrom('items')
    .leftJoin('attempts', 'attempts.id', 'items.attempt')
    .select([
      'items.id',
      'items.state',
      'items.video_url as video',
      'items.swap',
      'items.mappings',
      'attempts.state as attempt',
    ])
    .where('items.batch', '=', batch)
    .execute();
  const tasks = await db.selectFrom('tasks').select(['url', 'state']).where('batch', '=', batch).execute();
  const outputs = await db
    .selectFrom('outputs')
    .innerJoin('items', 'items.key', 'outputs.item')
    .select(['outputs.url', 'outputs.file', 'items.batch'])
    .execute();
  const former = await db
    .selectFrom('former_outputs')
    .innerJoin('items', 'items.key', 'former_outputs.item')
    .select(['former_outputs.mappings', 'former_outputs.file', 'items.batch'])
    .execute();
  const people = await ownVideos(db, batch)
    .innerJoin('analyses', 'analyses.video', 'videos.id')
    .select('analyses.people')
    .execute();
  const picks = await db.selectFrom('picks').select('item').where('batch', '=', batch).execute();
  const urls = new Set<string>();
  const faces = new Set<string>();
  const mapped = (mappings: string): void => {
    for (const { face, url } of JSON.parse(mappings) as Mapping[]) {
      urls.add(url);
      faces.add(face);
    }
  };
  for (const item of items) {
    urls.add(item.video);
    mapped(item.mappings ?? '[]');
    for (const { name, url } of item.swap === '' ? [] : facesIn(JSON.parse(item.swap) as SwapRule)) {
      urls.add(url);
      faces.add(name);
    }
  }
  for (const row of former) if (row.batch === batch) mapped(row.mappings);
  for (const { url } of tasks) urls.add(url ?? '');
  for (const output of outputs) if (output.batch === batch) urls.add(output.url);
  for (const row of people)
    for (const { preview } of JSON.parse(row.people ?? '[]') as { preview: string }[]) urls.add(preview);
  for (const picture of await db.selectFrom('pictures').select('url').where('batch', '=', batch).execute())
    urls.add(picture.url);
  urls.delete('');
  faces.delete('');
  const ended = ['done', 'failed', 'skipped', 'cancelled'];
  const live = ['reserved', 'sending', 'bound', 'uncertain'];
  return {
    urls: [...urls],
    faces: [...faces],
    picks: picks.length,
    open: items
      .filter(({ state, attempt }) => !ended.includes(state) || live.includes(attempt ?? ''))
      .map(({ id }) => id),
    outputs: new Set([...outputs, ...former].map(({ file }) => file)),
  };
}

function facesIn(rule: SwapRule): { readonly name: string; readonly url: string }[] {
  if (rule.kind === 'only' || rule.kind === 'all') return [rule.face];
  return rule.kind === 'by-number' ? rule.people.flatMap(({ face }) => (face === null ? [] : [face])) : [];
}

/** Videos of a batch that no other batch has rows of: what others need stays until they are purged themselves. */
function ownVideos(db: Tx, batch: string) {
  return db
    .selectFrom('videos')
    .where((e) =>
      e.and([
        e.exists(
          e
            .selectFrom('items')
            .select('items.key')
            .whereRef('items.video', '=', 'videos.id')
            .where('items.batch', '=', batch),
        ),
        e.not(
          e.exists(
            e
              .selectFrom('items as others')
              .select('others.key')
              .whereRef('others.video', '=', 'videos.id')
              .where('others.batch', '!=', batch)
              .where('others.video_url', '!=', ''),
          ),
        ),
      ]),
    );
}

/**
 * Takes faces, previews and URLs out of a batch. What it cost, who asked for it and when, task ids, digests of the work and
 * references of consents stay. One transaction; done again it finds nothing.
 */
export async function purgeBatch(tx: Tx, batch: string, faces: readonly string[], nowMs: number): Promise<void> {
  const videos = (await ownVideos(tx, batch).select('videos.id').execute()).map(({ id }) => id);
  const items = await tx
    .selectFrom('items')
    .select(['key', 'mappings', 'reason_message as reason'])
    .where('batch', '=', batch)
    .execute();
  for (const { key, mappings } of items) {
    const kept = mappings === null ? null : withoutFaces(mappings);
    await tx.updateTable('items').set({ mappings: kept }).where('key', '=', key).execute();
  }
  const former = await tx
    .selectFrom('former_outputs')
    .innerJoin('items', 'items.key', 'former_outputs.item')
    .select(['former_outputs.item', 'former_outputs.attempt', 'former_outputs.mappings'])
    .where('items.batch', '=', batch)
    .execute();
  for (const { item, attempt, mappings } of former)
    await tx
      .updateTable('former_outputs')
      .set({ mappings: withoutFaces(mappings) })
      .where('item', '=', item)
      .where('attempt', '=', attempt)
      .execute();
  await tx
    .updateTable('items')
    .set({ video_url: '', rule: '', swap: '', cells: null, updated_at: nowMs })
    .where('batch', '=', batch)
    .execute();
  for (const { key, reason } of items) {
    if (reason === null) continue;
    const tells = faces.some((name) => reason.toLowerCase().includes(name.toLowerCase())) || /https?:/iu.test(reason);
    await tx
      .updateTable('items')
      .set({
        ...(tells ? { reason_message: 'erased' } : {}),
        reason_vendor: null,
        reason_next: 'Its addresses were erased: `headswap run` its manifest takes it up.',
      })
      .where('key', '=', key)
      .execute();
  }
  await tx.deleteFrom('picks').where('batch', '=', batch).execute();
  await tx.deleteFrom('pictures').where('batch', '=', batch).execute();
  await tx.updateTable('tasks').set({ url: null, error_text: null }).where('batch', '=', batch).execute();
  await tx
    .updateTable('outputs')
    .set({ url: '' })
    .where('item', 'in', (e) => e.selectFrom('items').select('items.key').where('items.batch', '=', batch))
    .execute();
  await tx
    .updateTable('webhook_events')
    .set({ body: '' })
    .where('attempt', 'in', (e) => e.selectFrom('attempts').select('attempts.id').where('attempts.batch', '=', batch))
    .execute();
  await tx
    .updateTable('events')
    .set({ detail: 'erased' })
    .where('batch', '=', batch)
    .where('type', '=', 'picked')
    .execute();
  for (const id of videos) {
    await tx
      .updateTable('videos')
      .set({ url: `erased:${id}` })
      .where('id', '=', id)
      .execute();
    const analyses = await tx.selectFrom('analyses').select(['id', 'people']).where('video', '=', id).execute();
    for (const analysis of analyses) {
      if (analysis.people === null) continue;
      const people = (JSON.parse(analysis.people) as { preview: string }[]).map((person) => ({
        ...person,
        preview: '',
      }));
      await tx
        .updateTable('analyses')
        .set({ people: JSON.stringify(people), vendor_text: null })
        .where('id', '=', analysis.id)
        .execute();
    }
  }
}

function withoutFaces(mappings: string): string {
  return JSON.stringify((JSON.parse(mappings) as Mapping[]).map((mapping) => ({ ...mapping, face: '', url: '' })));
}

/**
 * Writes an SQLite ledger anew, so that nothing of what was erased lies in its free pages or its log. False: somebody else
 * uses it just now, and that has to wait.
 */
export function compactLedger(file: string): boolean {
  const { raw } = openConnection(file, COMPACT_WAIT_MS);
  try {
    raw.exec('vacuum');
    raw.exec('pragma wal_checkpoint(truncate)');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  } finally {
    raw.close();
  }
}
