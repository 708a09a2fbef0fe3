import type { ReportAttempt, ReportItem } from '../schemas/report.ts';
import { isEnded } from '../schemas/states.ts';
import { chargedOf } from './charges.ts';
import type { AttemptFact, ItemFact, OutputFact, TaskFact } from './report-facts.ts';

export interface ItemParts {
  readonly attempts: readonly AttemptFact[];
  readonly tasks: readonly TaskFact[];
  readonly output: OutputFact | null;
  readonly pictures: ReadonlyMap<string, string>;
}

export function buildItem(item: ItemFact, { attempts, tasks, output, pictures }: ItemParts): ReportItem {
  const built = attempts.toSorted((a, b) => a.n - b.n).map((attempt) => buildAttempt(attempt, tasks));
  const charged = chargedOf({ attempts: built });
  return {
    id: item.id,
    row: { file: item.file, line: item.line },
    video: item.video,
    project: item.project ?? '',
    note: item.note ?? '',
    x: { ...item.x },
    rule: item.rule,
    people_found: item.people?.length ?? null,
    state: item.state,
    held_by: isEnded(item.state) ? null : item.heldBy,
    reason:
      item.reason === null
        ? null
        : {
            code: item.reason.code,
            message: item.reason.message,
            vendor: item.reason.vendor ?? '',
            charged,
            next: item.reason.next ?? '',
          },
    mappings: item.mappings.map((mapping) => ({
      obj_id: mapping.objId,
      face: mapping.face,
      img_url: mapping.url,
      consent: mapping.consent ?? '',
      until: mapping.until ?? '',
      preview: pictures.get(mapping.url) ?? null,
    })),
    people: (item.people ?? []).map(({ objId, previewUrl }) => ({
      obj_id: objId,
      preview_url: previewUrl,
      preview: previewUrl === null ? null : (pictures.get(previewUrl) ?? null),
    })),
    resolution: item.settings.resolution,
    attempts: built,
    output:
      output === null
        ? null
        : { url: output.url, file: output.file, bytes: output.bytes, sha256: output.sha256, media: output.media },
    reused_from: item.reusedFrom,
    timeline: timelineOf(item, attempts, output),
  };
}

function buildAttempt(attempt: AttemptFact, tasks: readonly TaskFact[]): ReportAttempt {
  const mine = tasks.filter((task) => task.attempt === attempt.n);
  return {
    n: attempt.n,
    state: attempt.state,
    task_id: mine.find((task) => !task.orphan)?.taskId ?? null,
    held: attempt.held,
    charged: attempt.charged,
    sent_at: isoOrNull(attempt.sentAtMs),
    settled_at: isoOrNull(attempt.settledAtMs),
    approved_by: attempt.approvedBy ?? '',
    uncertain:
      attempt.uncertain === undefined || attempt.uncertain === null
        ? null
        : {
            since: isoOrNull(attempt.uncertain.sinceMs) ?? '',
            awaited_until: isoOrNull(attempt.uncertain.awaitedUntilMs),
            awaiting: attempt.uncertain.awaiting,
            may_cost: attempt.uncertain.mayCost,
            balance_before: attempt.uncertain.balanceBefore,
          },
    orphans: mine
      .filter((task) => task.orphan)
      .map((task) => ({
        task_id: task.taskId,
        charged: task.charged,
        seen_at: isoOrNull(task.seenAtMs),
        url: task.url,
      })),
  };
}

/** What happened to the item and when, oldest first. */
function timelineOf(
  item: ItemFact,
  attempts: readonly AttemptFact[],
  output: OutputFact | null,
): ReportItem['timeline'] {
  const several = attempts.length > 1;
  const named = (what: string, attempt: AttemptFact) => (several ? `${what} (attempt ${attempt.n})` : what);
  const moments: [string, number | null][] = [
    ['analysis sent', item.analysedAtMs?.sent ?? null],
    ['analysed', item.analysedAtMs?.ended ?? null],
    ...attempts.flatMap((attempt): [string, number | null][] => [
      [named('task sent', attempt), attempt.sentAtMs],
      [named('task ended', attempt), attempt.settledAtMs],
    ]),
    ['collected', output?.atMs ?? null],
  ];
  return moments
    .flatMap(([state, at]) => (at === null ? [] : [{ state, at }]))
    .toSorted((a, b) => a.at - b.at)
    .map(({ state, at }) => ({ state, at: new Date(at).toISOString() }));
}

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
