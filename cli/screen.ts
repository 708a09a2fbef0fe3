/**
 * Where text goes (contract section 3): data to stdout, talk to stderr, nothing prompts or redraws off a terminal. Commands
 * write through this and never to a stream, so that the rules hold in one place.
 */
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { InterruptedError } from './interrupted-error.ts';
import type { GlobalFlags } from './global-flags.ts';
import { choosePaint, type Paint } from './paint.ts';
import { chooseRenderer, silentRenderer, type ProgressRenderer } from './progress/renderer.ts';

export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };
export type InputStream = Readable & { readonly isTTY?: boolean };

export interface Streams {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Screen {
  /** Data: one or more lines to stdout. */
  out(text: string): void;
  /** One JSON document to stdout. */
  json(value: unknown): void;
  /** Talk: to stderr, not with --quiet or --json. */
  say(text: string): void;
  /** What must be read even with --quiet: to stderr. */
  warn(text: string): void;
  /** Colour for stdout, for stderr. */
  readonly paint: Paint;
  readonly talkPaint: Paint;
  /** Columns of stdout; 80 where it is no terminal. */
  readonly columns: number;
  /** Whether a question can be asked and answered. */
  readonly canAsk: boolean;
  /** `question [y/N]`; everything but y or yes is no, and so is an end of input. */
  ask(question: string, signal: AbortSignal): Promise<boolean>;
  progress(): Promise<ProgressRenderer>;
}

export function createScreen({ stdin, stdout, stderr, env }: Streams, flags: GlobalFlags): Screen {
  const isTerminal = stderr.isTTY === true;
  const paintFor = (stream: OutputStream) =>
    choosePaint({ isTerminal: stream.isTTY === true, refused: !flags.color, env });
  const talkPaint = paintFor(stderr);
  const line = (stream: OutputStream, text: string) => stream.write(text.endsWith('\n') ? text : `${text}\n`);

  return {
    out: (text) => line(stdout, text),
    json: (value) => line(stdout, JSON.stringify(value)),
    say: (text) => void (flags.quiet || flags.json || line(stderr, text)),
    warn: (text) => line(stderr, text),
    paint: paintFor(stdout),
    talkPaint,
    columns: stdout.isTTY === true ? (stdout.columns ?? 80) : 80,
    canAsk: flags.input && isTerminal && stdin.isTTY === true,
    async ask(question, signal) {
      const prompt = createInterface({ input: stdin, output: stderr });
      const ended = new Promise<string>((resolve, reject) => {
        prompt.once('close', () => resolve(''));
        prompt.once('SIGINT', () => reject(new InterruptedError()));
      });
      try {
        const answer = await Promise.race([prompt.question(`${question} [y/N] `, { signal }), ended]);
        return /^y(es)?$/iu.test(answer.trim());
      } catch (thrown) {
        if (signal.aborted) throw new InterruptedError();
        throw thrown;
      } finally {
        prompt.close();
      }
    },
    async progress() {
      const ports = {
        nowMs: Date.now,
        offsetMinutes: -new Date().getTimezoneOffset(),
        write: (text: string) => void stderr.write(text),
      };
      const redraws = env['TERM'] !== 'dumb' && (env['HEADSWAP_PLAIN'] ?? '') === '';
      const kind = chooseRenderer({ json: flags.json, quiet: flags.quiet, isTerminal, redraws });
      switch (kind) {
        case 'json':
          return (await import('./progress/json-renderer.ts')).jsonRenderer((text) => void stdout.write(text));
        case 'plain':
          return (await import('./progress/plain-renderer.ts')).plainRenderer(ports);
        case 'tty':
          return (await import('./progress/tty-renderer.ts')).ttyRenderer({
            ...ports,
            columns: () => stderr.columns ?? 80,
            paint: talkPaint,
            unicode: speaksUnicode(env),
          });
        case 'silent':
          return silentRenderer;
        default:
          return kind satisfies never;
      }
    },
  };
}

/** The first locale variable that is set decides (as in POSIX); without any, a terminal of today shows UTF-8. */
function speaksUnicode(env: Streams['env']): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return env['TERM'] !== 'linux' && (locale === undefined || /utf-?8/iu.test(locale));
}
