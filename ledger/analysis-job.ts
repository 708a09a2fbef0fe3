import type { Tx } from './open-ledger.ts';
import type { AnalysisState } from './tables.ts';

/** What an analysis needs to be submitted. `tries` counts earlier ones of the same video that lapsed. */
export interface AnalysisJob {
  readonly analysis: number;
  readonly state: AnalysisState;
  readonly account: string;
  readonly videoUrl: string;
  readonly sentAtMs: number | null;
  readonly tries: number;
}

export async function readAnalysisJob(db: Tx, analysis: number): Promise<AnalysisJob | null> {
  const row = await db
    .selectFrom('analyses')
    .innerJoin('videos', 'videos.id', 'analyses.video')
    .select((e) => [
      'analyses.id as analysis',
      'analyses.state',
      'analyses.account',
      'videos.url as videoUrl',
      'analyses.sent_at as sentAtMs',
      e.fn
        .coalesce(
          e
            .selectFrom('items')
            .select((i) => i.fn.max('items.tries').as('tries'))
            .whereRef('items.video', '=', 'videos.id')
            .where('items.state', '=', 'analyzing'),
          e.lit(0),
        )
        .as('tries'),
    ])
    .where('analyses.id', '=', analysis)
    .executeTakeFirst();
  return row ?? null;
}
