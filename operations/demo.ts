import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../manifests/read-config.ts';
import { EMULATOR_ACCOUNT } from '../schemas/config.ts';
import type { Report } from '../schemas/report.ts';
import { openContext, type ContextOptions } from './context.ts';
import { STATE_FOLDER } from './find-config.ts';
import type { FollowOptions, FollowResult } from './follow-batch.ts';
import { planBatch, type Plan } from './plan-batch.ts';
import { readReport } from './report.ts';
import type { Settings } from './read-settings.ts';
import { runBatch } from './run-batch.ts';
import type { EmulatorStart } from './starters.ts';

export interface DemoResult {
  readonly result: FollowResult;
  readonly seconds: number;
  /** What the same would have cost at the emulator's prices. */
  readonly wouldHaveCost: number;
  readonly reportHtml: string | null;
  /** What went wrong on purpose, in words. */
  readonly troubles: readonly string[];
  /** The next two commands. */
  readonly next: readonly [string, string];
}

const MANIFEST = join(import.meta.dirname, 'demo', 'demo.csv');
/** Quick, and told from headswap.yaml in nothing: the demo is the same everywhere. */
const CONFIG = `accounts:
  default:
    request_timeout: 10s
    limits: { create_per_second: 8, analyze_per_second: 12, poll_per_second: 30, open_tasks: 6 }
`;
const EMULATOR: EmulatorStart = { analysisMs: [200, 500], taskMs: [800, 1_600] };
/** Throttling, a lost answer, a task that fails at the vendor. */
const TROUBLE = [
  { on: 'create', match: 'market-1', times: 1, do: { kind: 'throttle', with: '429' } },
  { on: 'create', match: 'rooftop-night', times: 1, do: { kind: 'drop-answer' } },
  { on: 'create', match: 'market-2', times: 1, do: { kind: 'fail', reason: 'Face not found in frame 12' } },
] as const;

/** The whole main job on the emulated vendor, in a fresh `.headswap/demo/`; ignores headswap.yaml and AKOOL_*. */
export async function runDemo(
  options: ContextOptions,
  how: FollowOptions & { readonly failSome: boolean; readonly onPlan: (plan: Plan) => void },
): Promise<DemoResult> {
  const startedAtMs = performance.now();
  const stateDir = join(options.cwd, STATE_FOLDER, 'demo');
  rmSync(stateDir, { recursive: true, force: true });
  const settings: Settings = {
    configFile: null,
    baseDir: options.cwd,
    stateDir,
    rehearsal: true,
    reading: parseConfig(CONFIG, 'demo', {}),
  };
  const emulator = { ...EMULATOR, ...(how.failSome ? { faults: TROUBLE } : {}) };
  const ctx = await openContext({ ...options, flags: { account: EMULATOR_ACCOUNT } }, { settings, emulator });
  try {
    const plan = await planBatch(ctx, { file: MANIFEST });
    how.onPlan(plan);
    const result = await runBatch(ctx, plan, { ...how, yes: true });
    const report = result.how === 'ended' ? await readReport(ctx, plan.batch) : null;
    return {
      result,
      seconds: (performance.now() - startedAtMs) / 1000,
      wouldHaveCost: result.credits.charged,
      reportHtml: result.report,
      troubles: report === null ? [] : troublesOf(report),
      next: ['headswap init my-batch', 'headswap run my-batch/manifest.yaml --account emulator'],
    };
  } finally {
    await ctx.close();
  }
}

/** What the report says went wrong, in one line each. */
function troublesOf(report: Report): string[] {
  const slower = report.events
    .filter((event) => event.type.startsWith('pace') && event.detail.includes('slowed'))
    .map((event) => event.detail);
  const gates = report.events.filter((event) => event.type === 'gate-closed').map((event) => event.detail);
  const items = report.items
    .filter((item) => item.state === 'uncertain' || item.state === 'failed')
    .map((item) => `${item.id}: ${item.reason?.message ?? item.state} (${item.reason?.code ?? ''})`);
  return [...slower, ...gates, ...items];
}
