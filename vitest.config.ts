import { defineConfig } from 'vitest/config';
import LongestFirst from './test/setup/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Drills that wait out minutes of outage or of adapting pace: `npm run test:long`.
    exclude: ['test/**/*.long.test.ts'],
    environment: 'node',
    // Real servers and processes are children of the tests: forks keep them apart from the runner. Much of their time is
    // waiting, so three files at a time keep two cores busy without making the time-outs below lie.
    pool: 'forks',
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // A flaky test is a finding, not something to hide.
    retry: 0,
    globalSetup: ['test/setup/global-setup.ts'],
    reporters: ['default', './test/setup/closing-line-reporter.ts'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
    coverage: { provider: 'v8', exclude: ['test/**', 'scripts/**', 'bench/**'] },
  },
});
