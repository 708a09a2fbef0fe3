/** The edge to the process: the only file of the CLI that reads env and argv, listens to signals, and exits. */
import { enableCompileCache } from 'node:module';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { HardStop } from './session.ts';
import { InterruptedError } from './interrupted-error.ts';

// Before anything else is loaded: compiled sources are kept where the wrapper keeps them.
enableCompileCache(join(import.meta.dirname, '..', '.cache', 'node-compile'));

const abort = new AbortController();
const readerGone = new AbortController();
// Set by commands that have something to settle; all others end at the first signal.
let hardStop: HardStop | null = null;

// The first signal asks the command to settle what is being sent; the second does not wait for that.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (abort.signal.aborted || hardStop === null) {
      process.stderr.write(`\n${hardStop?.(130) ?? 'interrupted'}\n`);
      process.exit(130);
    }
    abort.abort(new InterruptedError());
  });
}

// Thrown where no command could catch it, in a timer or a socket: a fault of ours, told as one.
process.on('uncaughtException', (error) => {
  process.stderr.write(
    `\nunexpected error, a fault of this program: ${error.stack ?? error.message}\n${hardStop?.(1) ?? ''}\n`,
  );
  process.exit(1);
});

// A reader that has gone (`headswap status | head`) is no error. Batches go on: what they do does not depend on a reader.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (stream === process.stdout) readerGone.abort();
  });
}

const { runCli } = await import('./run-cli.ts');
const argv = process.argv.slice(2);
const telemetry = await tracing();
const exitCode = await inSpan(() =>
  runCli({
    argv,
    cwd: process.cwd(),
    streams: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env },
    signal: abort.signal,
    readerGone: readerGone.signal,
    onHardStop: (tell) => {
      hardStop = tell;
    },
    userAtHost: userAtHost(),
    starters: {
      startWorker: async (options) => (await import('../worker/start-worker.ts')).startWorker(options),
      loadWorker: () => import('../worker/start-worker.ts'),
      startEmulator: async (options) => (await import('../emulator/start.ts')).startEmulator(options),
      startReceiver: async (options) => (await import('../web/start-receiver.ts')).startReceiver(options),
    },
  }),
);
await telemetry?.shutdown();

/** Only with an OTLP endpoint is anything of OpenTelemetry's SDK loaded. */
async function tracing() {
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = process.env;
  if (!OTEL_EXPORTER_OTLP_ENDPOINT && !OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return null;
  return (await import('../worker/telemetry.ts')).startTelemetry();
}

function inSpan(run: () => Promise<number>): Promise<number> {
  return telemetry === null ? run() : telemetry.command(argv.find((word) => !word.startsWith('-')) ?? '', run);
}

function userAtHost(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run under a number that has no name.
    return `${process.getuid?.() ?? 'user'}@${hostname()}`;
  }
}

// Open handles (an engine that is going down, a socket kept alive) must not hold a finished command; what was written must
// be out before the exit.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit(exitCode);
