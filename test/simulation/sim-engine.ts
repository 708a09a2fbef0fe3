import type { BatchInput } from '../../schemas/workflow-inputs.ts';
import type { FaultDice } from './fault-dice.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimWorker } from './sim-worker.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

export type ActivityName =
  | 'advance'
  | 'submitAnalysis'
  | 'createTask'
  | 'collectOutputs'
  | 'bind'
  | 'keepPictures'
  | 'closeRound'
  | 'writeReport';

/** What workflows/activity-policies.ts says of an activity. */
interface Policy {
  readonly startToCloseMs: number;
  readonly heartbeatMs: number | null;
  /** Retried for ever at up to 10 s, or never. */
  readonly retried: boolean;
}

/** A scope whose cancellation the activity hears of with its next heartbeat, as `TRY_CANCEL` has it. */
export interface Scope {
  cancelled: boolean;
  onCancel: () => void;
}

/** The workflow no longer waits for it. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

interface Running {
  readonly attempt: number;
  settle: (outcome: Outcome) => void;
}

type Outcome =
  | { readonly kind: 'completed'; readonly value: unknown }
  | { readonly kind: 'failed' }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'cancelled' };

export interface EngineSurroundings {
  readonly time: VirtualTime;
  readonly dice: FaultDice;
  readonly trace: Trace;
  readonly process: SimProcess;
  /** What a batch's workflow does. */
  readonly workflow: (engine: SimEngine, input: BatchInput) => Driving;
  /** Live workers of this engine, in the order they started. */
  readonly workers: () => readonly SimWorker[];
}

/** A workflow that runs. */
export interface Driving {
  wake(): void;
  readonly ended: Promise<void>;
}

/**
 * What the Temporal server and SDK do for the workflows, without them: activities run at least once on some worker, time
 * out, are retried by their policy, run twice, lose their completion; workflows survive the engine's absence but not its
 * loss. The workflows themselves are represented by drive-batch.ts.
 */
export class SimEngine {
  readonly process: SimProcess;
  readonly #around: EngineSurroundings;
  readonly #drives = new Map<string, Driving>();

  constructor(around: EngineSurroundings) {
    this.#around = around;
    this.process = around.process;
  }

  get dice(): FaultDice {
    return this.#around.dice;
  }

  /** No workflow runs. */
  idle(): boolean {
    return this.#drives.size === 0;
  }

  /** Signal-with-start: wakes the batch's driver, or starts one. Lost when the engine is. */
  drive(input: BatchInput): void {
    this.process.deliver(() => {
      const running = this.#drives.get(input.batch);
      if (running !== undefined) return running.wake();
      this.#around.trace.note(this.process.name, `drives ${input.batch}`);
      const drive = this.#around.workflow(this, input);
      this.#drives.set(input.batch, drive);
      void drive.ended.then(() => {
        this.#drives.delete(input.batch);
        this.#around.trace.note(this.process.name, `${input.batch} completed`);
      });
    });
  }

  sleep(ms: number): Promise<void> {
    return this.process.sleep(ms);
  }

  /** Runs an activity as its policy says; throws when it failed for good or its scope was cancelled. */
  async execute(name: ActivityName, args: readonly unknown[], policy: Policy, scope?: Scope): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(name, args, attempt, policy, scope);
      switch (outcome.kind) {
        case 'completed':
          return outcome.value;
        case 'cancelled':
          throw new Cancelled();
        case 'failed':
        case 'timed-out':
          if (!policy.retried) throw new Error(`${name} ${outcome.kind}`);
          await this.sleep(Math.min(10_000, 200 * 2 ** (attempt - 1)));
          if (scope?.cancelled === true) throw new Cancelled();
          break;
        default:
          outcome satisfies never;
      }
    }
  }

  #attempt(
    name: ActivityName,
    args: readonly unknown[],
    attempt: number,
    policy: Policy,
    scope?: Scope,
  ): Promise<Outcome> {
    const { dice } = this.#around;
    return new Promise((resolve) => {
      let settled = false;
      const alarms: { cancel(): void }[] = [];
      const settle = (outcome: Outcome): void => {
        if (settled) return;
        settled = true;
        for (const alarm of alarms) alarm.cancel();
        resolve(outcome);
      };
      if (scope !== undefined) scope.onCancel = () => settle({ kind: 'cancelled' });
      if (scope?.cancelled === true) return settle({ kind: 'cancelled' });
      const start = (): void => {
        if (settled) return;
        const worker = dice.pick(this.#around.workers());
        if (worker === undefined) return void alarms.push(this.process.alarm(200, start));
        alarms.push(this.process.alarm(policy.startToCloseMs, () => settle({ kind: 'timed-out' })));
        let beat =
          policy.heartbeatMs === null
            ? null
            : this.process.alarm(policy.heartbeatMs, () => settle({ kind: 'timed-out' }));
        const onHeartbeat = (): boolean => {
          if (!settled && policy.heartbeatMs !== null) {
            beat?.cancel();
            beat = this.process.alarm(policy.heartbeatMs, () => settle({ kind: 'timed-out' }));
            alarms.push(beat);
          }
          return !settled;
        };
        if (beat !== null) alarms.push(beat);
        if (dice.happens('engine: task lost')) return;
        const run: Running = { attempt, settle };
        this.#dispatch(worker, { name, args }, run, onHeartbeat);
        if (dice.happens('engine: started twice')) {
          const other = dice.pick(this.#around.workers());
          if (other !== undefined) this.#dispatch(other, { name, args }, run, onHeartbeat);
        }
      };
      const lateMs = dice.happens('engine: started late') ? dice.between(500, 15_000) : 0;
      alarms.push(this.process.alarm(dice.between(3, 25) + lateMs, start));
    });
  }

  #dispatch(
    worker: SimWorker,
    task: { readonly name: ActivityName; readonly args: readonly unknown[] },
    run: Running,
    onHeartbeat: () => boolean,
  ): void {
    const { time, dice } = this.#around;
    worker.start({
      ...task,
      attempt: run.attempt,
      // A heartbeat reaches the engine when it is there, and brings back whether anybody still waits.
      beat: (stop) =>
        void time.after(dice.between(1, 8), () =>
          this.process.deliver(() => {
            if (!onHeartbeat()) time.after(dice.between(1, 8), () => worker.process.deliver(stop));
          }),
        ),
      done: (outcome) => {
        if (dice.happens('engine: completion lost')) return;
        time.after(dice.between(1, 8), () => this.process.deliver(() => run.settle(outcome)));
      },
    });
  }
}
