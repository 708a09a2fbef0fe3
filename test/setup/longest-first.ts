import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of a minute and more, longest first: one that starts last runs alone while the other workers have nothing left. */
const LONGEST = [
  'simulation/simulation',
  'faults/kill-points',
  'operations/ledger-rebuild',
  'schedules/schedules',
  'operations/identity',
  'faults/gates-under-pressure',
  'fleet/gates',
  'security/canary',
  'faults/operators-night',
  'operations/picks',
  'faults/run-again',
];

/** A clean checkout has no durations of earlier runs to go by; without them vitest starts the largest file first. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const first = LONGEST.flatMap((name) => others.filter(({ moduleId }) => moduleId.endsWith(`test/${name}.test.ts`)));
    return [...first, ...others.filter((file) => !first.includes(file))];
  }
}
