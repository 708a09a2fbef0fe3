import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Value } from 'typebox/value';
import { parse } from 'yaml';

import { FaultPlan } from './fault-plan.ts';
import { EmulatorSettings } from './options.ts';
import { startEmulator } from './start.ts';

/**
 * The emulator as a process of its own, for tests:
 * `node emulator/main.ts [--port N] [--credits N] [--faults FILE] [--book FILE] [--options JSON]`.
 * Prints one line of JSON, `{"url":"http://127.0.0.1:PORT"}`, once it answers.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    credits: { type: 'string' },
    faults: { type: 'string' },
    book: { type: 'string' },
    options: { type: 'string', default: '{}' },
  },
});

const options: unknown = JSON.parse(values.options);
if (!Value.Check(EmulatorSettings, options)) fail(Value.Errors(EmulatorSettings, options));
const plan: unknown = values.faults === undefined ? { faults: [] } : parse(readFileSync(values.faults, 'utf8'));
if (!Value.Check(FaultPlan, plan)) fail(Value.Errors(FaultPlan, plan));

const running = await startEmulator({
  ...options,
  port: Number(values.port),
  ...(values.credits === undefined ? {} : { credits: Number(values.credits) }),
  ...(values.book === undefined ? {} : { bookPath: values.book }),
  faults: [...(options.faults ?? []), ...plan.faults],
});
process.stdout.write(`${JSON.stringify({ url: running.url })}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.close());

function fail(errors: readonly { instancePath: string; message: string }[]): never {
  for (const { instancePath, message } of errors) process.stderr.write(`emulator: ${instancePath} ${message}\n`);
  process.exit(2);
}
