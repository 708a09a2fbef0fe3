import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_API_KEY } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator, type StartOptions } from '../../emulator/start.ts';
import { openLedger, type Ledger } from '../../ledger/open-ledger.ts';
import type { StatusDocument } from '../../operations/status.ts';
import { audit, type Audit } from '../fleet/audit.ts';
import { enginePid, killHard } from './engine-faults.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

/** A command of the real program that runs. */
export interface Command {
  readonly pid: number;
  readonly output: () => string;
  signal(signal: NodeJS.Signals): void;
  /** Its exit code, null when a signal ended it. */
  readonly exit: Promise<number | null>;
}

export interface ProgramOptions {
  readonly emulator?: StartOptions;
  /** Lines of the account's block, indented by four spaces. */
  readonly account?: string;
  /** More of headswap.yaml, not indented. */
  readonly config?: string;
}

/** What a user has: a folder with headswap.yaml, the program in processes of its own, and a vendor that outlives them. */
export class Program {
  readonly dir: string;
  readonly emulator: RunningEmulator;
  readonly #running = new Set<ChildProcess>();
  #ledger: Ledger | null = null;
  #rows = 0;

  private constructor(dir: string, emulator: RunningEmulator) {
    this.dir = dir;
    this.emulator = emulator;
  }

  static async install(options: ProgramOptions = {}): Promise<Program> {
    const dir = mkdtempSync(join(tmpdir(), 'headswap-faults-'));
    const emulator = await startEmulator({ analysisMs: 100, taskMs: 400, hold: 15, ...options.emulator });
    const account =
      options.account ??
      `    request_timeout: 5s
    limits: { create_per_second: 5, analyze_per_second: 10, poll_per_second: 50, open_tasks: 20, open_analyses: 20 }
    polling: { first: 200ms, factor: 1.5, max: 1s }
    prices: { 480p: 6, 720p: 15 }
`;
    writeFileSync(
      join(dir, 'headswap.yaml'),
      `accounts:
  default:
    base_url: ${emulator.url}
    api_key: ${DEFAULT_API_KEY}
${account}allow_private_hosts: true
${options.config ?? ''}`,
    );
    return new Program(dir, emulator);
  }

  get stateDir(): string {
    return join(this.dir, '.headswap');
  }

  /** A sheet of `items` rows over `videos` videos. */
  sheet(file: string, items: number, videos: number): void {
    const { url } = this.emulator;
    const rows = Array.from(
      { length: items },
      (_, n) => `i${n},${url}/media/${file}-${n % videos}.mp4,${url}/media/faces/f${Math.floor(n / videos)}.jpg`,
    );
    writeFileSync(join(this.dir, file), `id,video,swap\n${rows.join('\n')}\n`);
    this.#rows += items;
  }

  start(...args: readonly string[]): Command {
    return this.startWith({}, ...args);
  }

  startWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Command {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
      cwd: this.dir,
      env: { PATH: process.env['PATH'] ?? '', HOME: this.dir, HEADSWAP_OPERATOR: 'mira', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exit = once(child, 'close').then(([code]) => {
      this.#running.delete(child);
      return code as number | null;
    });
    return { pid: child.pid ?? 0, output: () => output, signal: (signal) => child.kill(signal), exit };
  }

  /** SIGKILL to every process of ours: commands, workers in them, the Temporal server. The vendor lives on. */
  async killEverything(): Promise<void> {
    const engine = enginePid(this.stateDir);
    const commands = [...this.#running];
    const ended = commands.map((child) =>
      child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve([]),
    );
    for (const child of commands) child.kill('SIGKILL');
    if (engine !== null) await killHard(engine);
    await Promise.all(ended);
  }

  /** All that Temporal knew. */
  deleteEngineDatabase(): void {
    for (const end of ['', '-wal', '-shm', '-journal'])
      rmSync(join(this.stateDir, `temporal.db${end}`), { force: true });
  }

  async ledger(): Promise<Ledger> {
    this.#ledger ??= await openLedger({ url: `sqlite:${join(this.stateDir, 'ledger.db')}`, baseDir: this.dir });
    return this.#ledger;
  }

  /** Items of all batches by state; empty while there is no ledger. */
  async states(): Promise<Record<string, number>> {
    if (!existsSync(join(this.stateDir, 'ledger.db'))) return {};
    const { db } = await this.ledger();
    const rows = await db
      .selectFrom('items')
      .select((e) => ['state', e.fn.countAll<number>().as('n')])
      .groupBy('state')
      .execute();
    return Object.fromEntries(rows.map((row) => [row.state, row.n]));
  }

  async status(): Promise<StatusDocument> {
    const command = this.start('status', '--json');
    await command.exit;
    return JSON.parse(command.output()) as StatusDocument;
  }

  async audit(): Promise<Audit> {
    this.emulator.control.settle();
    const about = { rows: this.#rows, outputs: join(this.dir, 'out') };
    return audit(await this.ledger(), this.emulator.book, about);
  }

  async until<T>(look: () => Promise<T | null | false> | T | null | false, withinMs: number): Promise<T> {
    const end = Date.now() + withinMs;
    for (;;) {
      const found = await look();
      if (found !== null && found !== false) return found;
      if (Date.now() > end)
        throw new Error(`not within ${withinMs} ms; items: ${JSON.stringify(await this.states())}; ${this.#log()}`);
      await new Promise((next) => setTimeout(next, 25));
    }
  }

  async remove(): Promise<void> {
    await this.killEverything();
    await this.#ledger?.close();
    await this.emulator.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #log(): string {
    const file = join(this.stateDir, 'logs', 'worker.log');
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-1_500) : '';
  }
}
