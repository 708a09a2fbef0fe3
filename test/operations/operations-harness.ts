import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { DEFAULT_API_KEY } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator, type StartOptions } from '../../emulator/start.ts';
import { openContext, type Context, type ContextOptions } from '../../operations/context.ts';
import { startReceiver } from '../../web/start-receiver.ts';
import type { FollowLine, FollowOptions } from '../../operations/follow-batch.ts';
import { OperationError } from '../../operations/operation-error.ts';
import { startWorker } from '../../worker/start-worker.ts';

/** A folder with headswap.yaml, an emulated vendor on a port, and real starters: what a user has, in one process. */
export interface Place {
  readonly dir: string;
  readonly emulator: RunningEmulator;
  /** Contexts are closed at the end of the test. */
  open(flags?: ContextOptions['flags'], env?: Record<string, string>): Promise<Context>;
  options(flags?: ContextOptions['flags'], env?: Record<string, string>): ContextOptions;
  write(name: string, text: string): string;
}

export interface PlaceOptions {
  readonly emulator?: StartOptions;
  /** More of the account's block, indented by four spaces. */
  readonly account?: string;
  /** More of headswap.yaml, not indented. */
  readonly config?: string;
}

export async function makePlace(options: PlaceOptions = {}): Promise<Place> {
  const dir = mkdtempSync(join(tmpdir(), 'headswap-operations-'));
  const emulator = await startEmulator({ analysisMs: 100, taskMs: 300, ...options.emulator });
  const contexts: Context[] = [];
  onTestFinished(async () => {
    for (const context of contexts) await context.close();
    await emulator.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const write = (name: string, text: string): string => {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  write(
    'headswap.yaml',
    `accounts:
  default:
    base_url: ${emulator.url}
    api_key: ${DEFAULT_API_KEY}
    request_timeout: 5s
    limits: { create_per_second: 20, analyze_per_second: 20, poll_per_second: 50, open_tasks: 10, open_analyses: 10 }
    polling: { first: 150ms, factor: 1.5, max: 2s }
${options.account ?? '    prices: { 480p: 6, 720p: 15 }\n'}allow_private_hosts: true
${options.config ?? ''}`,
  );
  const contextOptions: Place['options'] = (flags = {}, env = {}) => ({
    cwd: dir,
    env: { PATH: process.env['PATH'] ?? '', HEADSWAP_OPERATOR: 'mira', ...env },
    flags,
    starters: { startWorker, startEmulator: (start) => startEmulator(start as StartOptions), startReceiver },
    userAtHost: 'test@host',
    log: () => undefined,
    toolVersion: '0.0.0-test',
  });
  return {
    dir,
    emulator,
    write,
    options: contextOptions,
    async open(flags, env) {
      const context = await openContext(contextOptions(flags, env));
      contexts.push(context);
      return context;
    },
  };
}

/** Following without interruption, keeping the lines. */
export function following(
  lines: FollowLine[] = [],
  signal: AbortSignal = new AbortController().signal,
): FollowOptions & { yes: true } {
  return { yes: true, signal, onLine: (line) => lines.push(line) };
}

/** A sheet of `count` items over `videos` videos of one person each, three faces in turn. */
export function sheet(count: number, videos = count, extra = ''): string {
  const rows = Array.from({ length: count }, (_, index) => {
    const video = index % videos;
    return `sh${String(index).padStart(3, '0')},https://media.example.com/plates/clip${video}.mp4,https://media.example.com/faces/f${Math.floor(index / videos)}.jpg`;
  });
  return `id,video,swap\n${rows.join('\n')}\n${extra}`;
}

/** The expected refusal of an operation. */
export async function refusal(work: Promise<unknown>): Promise<OperationError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OperationError);
  return error as OperationError;
}
