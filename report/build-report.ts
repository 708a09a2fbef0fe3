/** The report's one shape, from rows. Pure. */
import { REPORT_SCHEMA_VERSION, type Report, type ReportCredits, type ReportItem } from '../schemas/report.ts';
import { totalsOf } from '../schemas/totals.ts';
import { buildItem } from './build-report-item.ts';
import { needsYou } from './needs-you.ts';
import { chargedOf, roundCredits, sumOfCredits } from './charges.ts';
import { checksOf } from './paid-twice.ts';
import type { AttemptFact, ReportFacts } from './report-facts.ts';

export function buildReport(facts: ReportFacts): Report {
  const { batch } = facts;
  const attempts = Map.groupBy(facts.attempts, (attempt) => attempt.item);
  const tasks = Map.groupBy(facts.tasks, (task) => task.item);
  const outputs = new Map(facts.outputs.map((output) => [output.item, output]));
  const items = facts.items.map((item) =>
    buildItem(item, {
      attempts: attempts.get(item.id) ?? [],
      tasks: tasks.get(item.id) ?? [],
      output: outputs.get(item.id) ?? null,
      pictures: facts.pictures,
    }),
  );
  return {
    schema_version: REPORT_SCHEMA_VERSION,
    generated_at: iso(facts.generatedAtMs),
    tool_version: facts.toolVersion,
    batch: {
      id: batch.id,
      name: batch.id,
      project: batch.project ?? '',
      account: batch.account,
      state: batch.state,
      created_at: iso(batch.createdAtMs),
      finished_at: isoOrNull(batch.finishedAtMs),
      operator: batch.operator,
      rounds: batch.rounds,
      manifest: { ...batch.manifest },
    },
    totals: totalsOf(facts.items),
    credits: creditsOf(facts, items),
    checks: checksOf(batch.manifest.rows, items),
    analyses: { ...facts.analyses },
    needs_you: needsYou({ batch: batch.id, items: facts.items, gates: facts.gates }),
    items,
    events: facts.events.map((event) => ({
      at: iso(event.atMs),
      type: event.type,
      by: event.by,
      detail: event.item === null ? event.detail : `${event.item}: ${event.detail}`,
    })),
  };
}

/**
 * What the balance lost but no attempt accounts for. The vendor locks the hold at create and gives back what was not
 * charged, so that at any moment the balance is down by charges plus the holds of what is unsettled.
 */
function creditsOf({ money, attempts }: ReportFacts, items: readonly ReportItem[]): ReportCredits {
  const held = sumOfCredits(attempts.filter(isUnsettled).map((attempt) => attempt.held));
  const charged = sumOfCredits(items.map(chargedOf));
  const { balanceBefore, balanceAfter } = money;
  const known = balanceBefore !== null && balanceAfter !== null && !money.accountShared;
  return {
    estimated: money.estimated,
    budget: money.budget,
    held,
    charged,
    unexplained: known ? roundCredits(balanceBefore - balanceAfter - charged - held) : null,
    balance_before: balanceBefore,
    balance_after: balanceAfter,
  };
}

function isUnsettled({ state }: AttemptFact): boolean {
  return state === 'sending' || state === 'bound' || state === 'uncertain';
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
