import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

/** Below the time-outs of the tests, so that a hang is told as exit 130 with all that was written. */
const LONGEST_MS = 100_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** For Node itself, before the program. */
  readonly nodeFlags?: readonly string[];
  /** Called with the process and what it wrote, on either stream. */
  readonly onOutput?: (child: { kill(signal: NodeJS.Signals): boolean }, text: string) => void;
}

/** The real program as a process of its own, off a terminal, without this machine's settings. */
export async function headswap(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const cwd = options.cwd ?? (await emptyFolder());
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...(options.nodeFlags ?? []), MAIN, ...args],
    {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A program that hangs must not outlive its test; SIGTERM, so that it takes its engine with it.
      timeout: LONGEST_MS,
      killSignal: 'SIGTERM',
    },
  );
  const read = (stream: NodeJS.ReadableStream) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => {
      parts.push(part);
      options.onOutput?.(child, part.toString('utf8'));
    });
    return () => Buffer.concat(parts).toString('utf8');
  };
  const [stdout, stderr] = [read(child.stdout), read(child.stderr)];
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => resolve(exit));
  });
  return { code, stdout: stdout(), stderr: stderr() };
}

export async function emptyFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'headswap-cli-'));
}
