import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { createActivities, type Activities } from '../../activities/index.ts';
import type { ActivityName } from './sim-engine.ts';
import type { SimProcess } from './sim-process.ts';
import type { Trace } from './trace.ts';

/** One start of one activity, as the engine hands it to a worker. */
export interface ActivityTask {
  readonly name: ActivityName;
  readonly args: readonly unknown[];
  readonly attempt: number;
  /** A heartbeat; `stop` is called when nobody waits any more. */
  readonly beat: (stop: () => void) => void;
  readonly done: (
    outcome: { readonly kind: 'completed'; readonly value: unknown } | { readonly kind: 'failed' },
  ) => void;
}

/** A worker process: the real activities over the dependencies of the simulation, run by the SDK's own activity runner. */
export class SimWorker {
  readonly process: SimProcess;
  readonly deps: ActivityDependencies;
  readonly #activities: Activities;
  readonly #trace: Trace;
  readonly #stop: AbortController;

  constructor(process: SimProcess, deps: ActivityDependencies, stop: AbortController, trace: Trace) {
    this.process = process;
    this.#stop = stop;
    this.deps = deps;
    this.#trace = trace;
    this.#activities = process.run(() => createActivities(deps));
  }

  /** Takes new work. */
  get polls(): boolean {
    return !this.process.dead && !this.#stop.signal.aborted;
  }

  /** SIGTERM: nothing new is sent, downloads end, what runs may go on for a while. */
  askToStop(): void {
    this.process.deliver(() => this.#stop.abort());
  }

  start(task: ActivityTask): void {
    this.process.deliver(() => void this.#run(task));
  }

  async #run({ name, args, attempt, beat, done }: ActivityTask): Promise<void> {
    const environment = new MockActivityEnvironment(
      { attempt, activityId: `${name}/${shown(args)}` },
      { logger: SILENT },
    );
    environment.on('heartbeat', () => beat(() => environment.cancel()));
    const activity = this.#activities[name] as (...given: readonly unknown[]) => Promise<unknown>;
    try {
      const value = await environment.run(activity, ...args);
      if (name !== 'advance') this.#trace.note(this.process.name, `${name} ${shown(args)} returned`);
      done({ kind: 'completed', value });
    } catch (error) {
      this.#trace.note(
        this.process.name,
        `${name} ${shown(args)} failed: ${error instanceof Error ? error.name : 'thrown'}`,
      );
      done({ kind: 'failed' });
    }
  }
}

/** Which attempt the create that runs here is about. */
export function attemptHere(): number {
  return Number(Context.current().info.activityId.replace('createTask/', ''));
}

function shown(args: readonly unknown[]): string {
  const [first] = args;
  if (typeof first === 'number' || typeof first === 'string') return String(first);
  if (Array.isArray(first)) return first.join(' ');
  return typeof first === 'object' && first !== null && 'batch' in first ? String(first.batch) : '';
}

const nothing = (): void => undefined;
const SILENT = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
