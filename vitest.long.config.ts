import { defineConfig, mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

const { exclude: _, ...test } = config.test ?? {};

/** The drills that `npm test` leaves out for their length. */
export default mergeConfig(defineConfig({ test }), defineConfig({ test: { include: ['test/**/*.long.test.ts'] } }));
