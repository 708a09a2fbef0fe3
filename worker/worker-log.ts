import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DefaultLogger, Runtime, type LogLevel, type RuntimeOptions } from '@temporalio/worker';
import { pino, type Logger } from 'pino';

/**
 * Fields that may hold a secret, a face, a signed link or a path: replaced wherever they stand. Messages are constant text;
 * data goes into fields, and only those named here are cut.
 */
const REDACTED = [
  'key',
  'apiKey',
  'api_key',
  'token',
  'authorization',
  'secret',
  'clientSecret',
  'url',
  'videoUrl',
  'video_url',
  'img_url',
  'webhookUrl',
  'headers',
  'body',
].flatMap((name) => [name, `*.${name}`]);

/** A logger on a file, one JSON object a line. */
export function openLog(file: string): Logger {
  mkdirSync(dirname(file), { recursive: true });
  return pino(
    { level: 'info', redact: { paths: REDACTED, censor: '[redacted]' }, base: { pid: process.pid } },
    pino.destination({ dest: file, sync: false, mkdir: true }),
  );
}

const LEVELS: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

let installed = false;

/**
 * Puts Temporal's runtime on the same log and, where an address is given, its metrics (ours beside them) on a Prometheus
 * endpoint. Once per process: the runtime is a singleton of the SDK.
 */
export function installRuntime(log: Logger, metricsAddress: string | null): void {
  if (installed) return;
  installed = true;
  const logger = new DefaultLogger('INFO', ({ level, message, meta }) => log[LEVELS[level]](plain(meta), message));
  const telemetryOptions: RuntimeOptions['telemetryOptions'] = {
    logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
    ...(metricsAddress === null ? {} : { metrics: { prometheus: { bindAddress: metricsAddress } } }),
  };
  Runtime.install({ logger, shutdownSignals: [], telemetryOptions });
}

/** Log fields without big integers, which JSON cannot hold. */
function plain(meta: unknown): Record<string, unknown> {
  if (meta === null || typeof meta !== 'object') return {};
  return Object.fromEntries(
    Object.entries(meta).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : (value as unknown)]),
  );
}
