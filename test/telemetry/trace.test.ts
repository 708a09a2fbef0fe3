import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

/** A local OTLP/HTTP receiver that keeps every span. */
function otlpReceiver(): Promise<{ url: string; spans: Span[]; close(): void }> {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const traces = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      for (const resource of traces.resourceSpans) for (const scope of resource.scopeSpans) spans.push(...scope.spans);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      resolve({ url: `http://127.0.0.1:${address.port}`, spans, close: () => server.close() });
    });
  });
}

const MAIN = new URL('../../cli/main.ts', import.meta.url).pathname;

function headswap(
  cwd: string,
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
      cwd,
      env: { ...process.env, ...env },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.stdout.resume();
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

describe('one trace from the command to the vendor call', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'headswap-trace-'));
    const face = 'https://media.example.com/ana.jpg';
    writeFileSync(
      join(dir, 'two.csv'),
      `id,video,swap\na,https://media.example.com/a.mp4,${face}\nb,https://media.example.com/b.mp4,${face}\n`,
    );
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('counts spans and parents at a local receiver', async () => {
    const receiver = await otlpReceiver();
    const ran = await headswap(
      dir,
      { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
      'run',
      'two.csv',
      '--account',
      'emulator',
      '--yes',
      '--quiet',
    );
    receiver.close();
    expect(ran).toMatchObject({ code: 0 });
    const byId = new Map(receiver.spans.map((span) => [span.spanId, span]));
    const root = receiver.spans.find((span) => span.name === 'headswap run');
    expect(root?.parentSpanId ?? '').toBe('');
    const creates = receiver.spans.filter((span) => span.name === 'activity createTask');
    const sent = receiver.spans.filter((span) => span.name === 'vendor create');
    expect([creates.length, sent.length]).toEqual([2, 2]);
    for (const span of sent) {
      const parent = byId.get(span.parentSpanId ?? '');
      expect(parent?.name).toBe('activity createTask');
      expect(parent?.parentSpanId).toBe(root?.spanId);
      expect(span.traceId).toBe(root?.traceId);
    }
    const analyses = receiver.spans.filter((span) => span.name === 'activity submitAnalysis');
    expect(analyses).toHaveLength(2);
    for (const span of analyses) expect(receiver.spans.some((child) => child.parentSpanId === span.spanId)).toBe(true);
    const written = JSON.stringify(receiver.spans);
    for (const secret of ['media.example.com', 'emulator-key']) expect(written.includes(secret), secret).toBe(false);
  }, 60_000);
});
