import { batchRow, type StateCount } from '../ledger/status-queries.ts';
import { gatesOfBatch } from '../ledger/gates.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { reportRows, type ReportRows } from '../ledger/report-queries.ts';
import { picturesOf } from '../ledger/pictures.ts';
import type { BatchRow, GateRow, PictureRow } from '../ledger/tables.ts';
import type { AttemptFact, ItemFact, ReportFacts } from '../report/report-facts.ts';
import type { Mapping, Resolution, SwapRule } from '../schemas/manifest-item.ts';
import type { GateName, ItemState } from '../schemas/states.ts';
import type { HeldBy, ItemCount } from '../schemas/totals.ts';

/** What keeps an open item from moving by itself: stalled at the vendor, or ready behind a closed budget gate. */
export function heldBy(
  item: { readonly state: ItemState; readonly stalled: boolean },
  budgetClosed: boolean,
): HeldBy | null {
  if (item.stalled) return 'stalled';
  return budgetClosed && item.state === 'ready' ? 'budget' : null;
}

export function itemCounts(counts: readonly StateCount[], gates: readonly GateRow[]): ItemCount[] {
  const budgetClosed = gates.some((gate) => gate.name === 'budget');
  return counts.map(({ state, stalled, count }) => ({
    state,
    heldBy: heldBy({ state, stalled }, budgetClosed),
    count,
  }));
}

/** Everything the report tells about a batch; null when it is not known. */
export async function reportFacts(ledger: Ledger, batch: string, toolVersion: string): Promise<ReportFacts | null> {
  const row = await batchRow(ledger.db, batch);
  const rows = row === null ? null : await reportRows(ledger.db, batch);
  if (row === null || rows === null) return null;
  const gates = await gatesOfBatch(ledger.db, batch, row.account);
  const pictures = await picturesOf(ledger.db, batch);
  return assembleFacts(row, rows, gates, { nowMs: await ledger.now(), toolVersion, pictures });
}

/** Pure: rows of the ledger as the report names them. */
function assembleFacts(
  batch: BatchRow,
  rows: ReportRows,
  gates: readonly GateRow[],
  at: { readonly nowMs: number; readonly toolVersion: string; readonly pictures: readonly PictureRow[] },
): ReportFacts {
  const idOf = new Map(rows.items.map((item) => [item.key, item.id]));
  const attemptOf = new Map(rows.attempts.map((attempt) => [attempt.id, attempt]));
  const analysisOf = new Map(rows.analyses.map((analysis) => [analysis.id, analysis]));
  const budgetClosed = gates.some((gate) => gate.name === 'budget');
  const own = rows.analyses.filter((analysis) => analysis.batch === batch.id && analysis.sent_at !== null);
  const used = new Set(rows.items.flatMap((item) => (item.analysis === null ? [] : [item.analysis])));
  return {
    generatedAtMs: at.nowMs,
    toolVersion: at.toolVersion,
    batch: {
      id: batch.id,
      project: batch.project,
      account: batch.account,
      state: batch.state,
      createdAtMs: batch.created_at,
      finishedAtMs: batch.finished_at,
      operator: batch.operator,
      rounds: batch.round,
      manifest: { file: batch.manifest_file, sha256: batch.manifest_sha, rows: batch.manifest_rows },
      sheet: batch.sheet === null ? null : (JSON.parse(batch.sheet) as { header: string[]; delimiter: string }),
    },
    money: {
      estimated: batch.estimated,
      budget: batch.budget,
      balanceBefore: batch.balance_before,
      balanceAfter: batch.balance_after,
      accountShared: rows.accountShared,
    },
    analyses: {
      submitted: own.length,
      reused: [...used].filter((id) => analysisOf.get(id)?.batch !== batch.id).length,
    },
    items: rows.items.map((item): ItemFact => {
      const analysis = item.analysis === null ? undefined : analysisOf.get(item.analysis);
      return {
        id: item.id,
        file: item.file,
        line: item.line,
        video: item.video_url,
        project: item.project,
        note: item.note,
        check: item.check_id,
        whenPeopleDiffer: item.differ === 'fail' ? 'fail' : 'wait',
        x: JSON.parse(item.x) as Record<string, string>,
        rule: item.rule,
        swap: item.swap === '' ? null : (JSON.parse(item.swap) as SwapRule),
        settings: {
          resolution: item.resolution as Resolution,
          model: item.model,
          keepOriginalSound: item.sound === 1,
          templateId: item.template,
        },
        outputKey: item.output,
        cells: item.cells === null ? null : (JSON.parse(item.cells) as string[][]),
        state: item.state,
        heldBy: heldBy({ state: item.state, stalled: item.stalled === 1 }, budgetClosed),
        reason:
          item.reason_code === null
            ? null
            : {
                code: item.reason_code,
                message: item.reason_message ?? '',
                vendor: item.reason_vendor,
                next: item.reason_next,
              },
        mappings: item.mappings === null ? [] : (JSON.parse(item.mappings) as Mapping[]),
        people: peopleOf(analysis?.people ?? null),
        analysedAtMs: analysis === undefined ? null : { sent: analysis.sent_at, ended: analysis.ended_at },
        reusedFrom: item.reused_from,
      };
    }),
    attempts: attemptFacts(rows, idOf),
    tasks: rows.tasks.map((task) => ({
      item: idOf.get(task.item) ?? '',
      attempt: attemptOf.get(task.attempt)?.n ?? 1,
      taskId: task.id,
      orphan: task.orphan === 1,
      charged: task.charged,
      url: task.url,
      seenAtMs: task.created_at,
    })),
    outputs: rows.outputs.map((output) => ({
      item: idOf.get(output.item) ?? '',
      url: output.url,
      file: output.file,
      bytes: output.bytes,
      sha256: output.sha256,
      media: output.media,
      atMs: output.at,
    })),
    events: rows.events.map((event) => ({
      atMs: event.at,
      type: event.type,
      by: event.by_whom,
      item: event.item,
      detail: event.detail,
    })),
    gates: gates.map((gate) => ({ name: gate.name as GateName, reason: gate.reason })),
    // Relative to the report's own folder, `<storage>/<batch>/`.
    pictures: new Map(
      at.pictures.flatMap(({ url, file }) => (file === null ? [] : [[url, file.slice(batch.id.length + 1)] as const])),
    ),
  };
}

function peopleOf(people: string | null): ItemFact['people'] {
  if (people === null) return null;
  return (JSON.parse(people) as { objId: number; preview: string }[]).map(({ objId, preview }) => ({
    objId,
    previewUrl: preview === '' ? null : preview,
  }));
}

/**
 * A further attempt is approved by whoever asked for it before it was reserved (`resume`, `run` of a changed row or with
 * `--again`): the ledger has that as an event of the item.
 */
function attemptFacts(rows: ReportRows, idOf: ReadonlyMap<number, string>): AttemptFact[] {
  const asked = Map.groupBy(
    rows.events.filter((event) => event.type === 'retried' && event.item !== null),
    (event) => event.item ?? '',
  );
  return rows.attempts
    .filter((attempt) => idOf.has(attempt.item))
    .map((attempt) => {
      const item = idOf.get(attempt.item) ?? '';
      const request =
        attempt.n === 1 ? undefined : (asked.get(item) ?? []).findLast((event) => event.at <= attempt.reserved_at);
      return {
        item,
        n: attempt.n,
        state: attempt.state,
        held: attempt.held,
        charged: attempt.charged,
        sentAtMs: attempt.sent_at,
        settledAtMs: attempt.settled_at,
        approvedBy: attempt.approved_by ?? request?.by_whom ?? null,
        uncertain:
          attempt.uncertain_at === null
            ? null
            : {
                sinceMs: attempt.uncertain_at,
                awaitedUntilMs: attempt.called_back === 1 ? attempt.uncertain_until : null,
                awaiting: attempt.awaiting === 1,
                mayCost: attempt.unpriced === 1 ? null : attempt.expected,
                balanceBefore: attempt.balance_before,
              },
      };
    });
}
