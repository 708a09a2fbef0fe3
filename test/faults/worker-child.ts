import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DEFAULT_API_KEY } from '../../emulator/options.ts';
import type { Fleet } from '../fleet/fleet-harness.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts';

const PROGRAM = join(import.meta.dirname, 'worker.process.ts');
/** Where the program keeps compiled sources: a third less of a start, and there are many. */
const COMPILE_CACHE = join(import.meta.dirname, '..', '..', '.cache', 'node-compile');

/** A worker process of a fleet, which can be killed, stopped and continued. */
export class WorkerChild {
  readonly #child: ChildProcess;
  readonly #said: FromWorker[] = [];
  #complaint = '';

  constructor(setup: WorkerSetup) {
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, JSON.stringify(setup)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#complaint += chunk.toString()));
    this.#child.on('message', (message: FromWorker) => this.#said.push(message));
  }

  static async start(fleet: Fleet, more: Partial<WorkerSetup> = {}): Promise<WorkerChild> {
    const { client: _, ...account } = fleet.account;
    const { address, namespace, identity } = fleet.engine;
    const worker = new WorkerChild({
      dir: fleet.dir,
      ledgerUrl: fleet.ledgerUrl,
      engine: { address, namespace },
      driver: identity,
      vendor: { url: fleet.emulator.url, key: DEFAULT_API_KEY },
      account,
      ...more,
    });
    await worker.#heard((message) => message.kind === 'ready', 60_000);
    return worker;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get complaint(): string {
    return this.#complaint;
  }

  get gone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  arm(point: string, action: 'kill' | 'stop' | 'wait'): void {
    this.#tell({ kind: 'arm', point, action });
  }

  /** Resolves once an armed `stop` or `wait` was met. */
  async met(point: string, withinMs = 90_000): Promise<void> {
    await this.#heard((message) => message.kind === 'at' && message.point === point, withinMs);
  }

  goOn(): void {
    this.#tell({ kind: 'go-on' });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the process is gone; false when it is not within that time. */
  async ended(withinMs: number): Promise<boolean> {
    if (this.gone) return true;
    const out = AbortSignal.timeout(withinMs);
    return once(this.#child, 'exit', { signal: out }).then(
      () => true,
      () => false,
    );
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended(10_000);
  }

  /** Ends it as Ctrl-C would: nothing being sent is abandoned. */
  async end(): Promise<void> {
    if (this.gone) return;
    this.#tell({ kind: 'end' });
    if (!(await this.ended(30_000))) await this.kill();
  }

  #tell(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message);
  }

  async #heard(fits: (message: FromWorker) => boolean, withinMs: number): Promise<void> {
    const until = Date.now() + withinMs;
    while (!this.#said.some(fits)) {
      if (this.gone) throw new Error(`the worker ended: ${this.#complaint.slice(0, 2_000)}`);
      if (Date.now() > until) throw new Error(`the worker said nothing within ${withinMs} ms ${this.#complaint}`);
      await new Promise((next) => setTimeout(next, 10));
    }
  }
}
