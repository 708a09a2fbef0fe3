import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import packageFile from '../package.json' with { type: 'json' };
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';

export interface Telemetry {
  /** Runs a command in the span that all its work descends from. */
  command<T>(name: string, run: () => Promise<T>): Promise<T>;
  /** Sends what is left; never rejects, never longer than a few seconds. */
  shutdown(): Promise<void>;
}

const SHUTDOWN_MS = 3_000;

/**
 * Tracing to an OTLP endpoint, which the standard OTEL_* variables name. Only called when one is set; without it nothing of
 * OpenTelemetry's SDK is loaded.
 */
export function startTelemetry(): Telemetry {
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      [ATTR_SERVICE_NAME]: 'headswap-fleet',
      [ATTR_SERVICE_VERSION]: packageFile.version,
    }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
    // Traces only: metrics are Temporal's own endpoint, logs are files.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new UndiciInstrumentation({
        // Vendor calls only: the hosts and paths of studios' media belong into no trace.
        ignoreRequestHook: (request) => !request.path.startsWith('/api/open/'),
        startSpanHook: () => ({ 'url.full': '', 'url.query': '' }),
      }),
    ],
  });
  sdk.start();
  return {
    command: (name, run) =>
      trace.getTracer('headswap-fleet').startActiveSpan(`headswap ${name}`, { kind: SpanKind.CLIENT }, async (span) => {
        try {
          return await run();
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      }),
    async shutdown() {
      await Promise.race([
        sdk.shutdown().catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, SHUTDOWN_MS)),
      ]);
    },
  };
}
