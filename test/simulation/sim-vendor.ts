import { sealCallback } from '../../akool/callback.ts';
import type { HttpRequest } from '../../akool/transport.ts';
import { NOT_FOUND_BODY, PATHS, type CallbackData } from '../../akool/wire.ts';
import { acceptAnalysis, acceptTask } from '../../emulator/accept-work.ts';
import { analysisData, ok, outputUrl, refusal, taskData, type Answer } from '../../emulator/answer.ts';
import { Authenticator } from '../../emulator/authenticate.ts';
import { Book } from '../../emulator/book.ts';
import type { WorkAction } from '../../emulator/fault-plan.ts';
import { Limiter } from '../../emulator/limiter.ts';
import { settle, type EmulatorSettings, type Settled } from '../../emulator/options.ts';
import { statusAt, type TaskRecord } from '../../emulator/records.ts';
import { VendorState, type Team } from '../../emulator/vendor-state.ts';
import type { FaultDice } from './fault-dice.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Where a message of the vendor goes. */
export interface SentCallback {
  readonly url: string;
  readonly body: Buffer;
}

/**
 * The emulated vendor's own parts on virtual time, without HTTP: the same accounts, analyses, tasks, limits and answers, and
 * the same book, which is the oracle. What goes wrong with accepted work and with callbacks is decided here; what goes wrong
 * on the wire, there.
 */
export class SimVendor {
  readonly book = Book.open(null);
  readonly settings: Settled;
  readonly state: VendorState;
  readonly limiter: Limiter;
  readonly authenticator: Authenticator;
  readonly #time: VirtualTime;
  readonly #dice: FaultDice;
  readonly #post: (message: SentCallback) => void;
  /** Hosts of outputs come and go. */
  #host = 1;
  down = false;

  constructor(settings: EmulatorSettings, time: VirtualTime, dice: FaultDice, post: (message: SentCallback) => void) {
    this.#time = time;
    this.#dice = dice;
    this.#post = post;
    this.settings = settle(settings);
    const clock = { now: () => this.nowMs(), setTimer: () => () => undefined };
    const credits = Object.fromEntries(this.settings.teams.map((team) => [team.id, team.credits]));
    this.book.append({ t: 'open', at: clock.now(), machine: '5eed5eed', credits });
    this.state = new VendorState(this.settings, this.book, clock);
    this.limiter = new Limiter(this.settings.limits, this.state);
    this.authenticator = new Authenticator(this.settings.teams);
  }

  nowMs(): number {
    return Math.floor(this.#time.now());
  }

  get team(): Team {
    const [team] = this.settings.teams;
    if (team === undefined) throw new Error('the vendor has no team');
    return team;
  }

  origin(): string {
    return `https://cdn-${this.#host}.vendor.example`;
  }

  /** Links given out until now answer 403; details name new ones. */
  replaceLinks(): void {
    this.#host += 1;
  }

  setBalance(credits: number): void {
    this.state.settleDue();
    this.state.record({ t: 'balance', at: this.nowMs(), team: this.team.id, credits });
  }

  balance(): number {
    this.state.settleDue();
    return this.state.balance(this.team);
  }

  /** Tasks that hang for ever end after all. */
  endHanging(): void {
    this.state.settleDue();
    for (const task of [...this.state.tasks()])
      if (task.endedAt === null) this.state.record({ t: 'finish', id: task.id, at: this.nowMs(), ends: 'completed' });
    this.state.settleDue();
  }

  /** One request that arrived. `spoilt` leaves it unprocessed but in the book. */
  handle(request: HttpRequest): Answer {
    this.state.settleDue();
    const { pathname, searchParams } = new URL(request.path, 'https://vendor.example');
    const body: unknown = request.body === null ? null : JSON.parse(request.body);
    switch (pathname) {
      case PATHS.create:
        return this.#accept('create', request, body);
      case PATHS.analyze:
        return this.#accept('analyze', request, body);
      case PATHS.analysisDetail:
        return this.#read(request, (team) => {
          const analysis = this.state.analysis(searchParams.get('_id') ?? '', team);
          return analysis === null ? null : ok(analysisData(analysis, this.nowMs(), this.origin()));
        });
      case PATHS.taskDetail:
        return this.#read(request, (team) => {
          const task = this.state.task(searchParams.get('_id') ?? '', team);
          return task === null ? null : ok(taskData(task, this.nowMs(), this.origin(), this.settings.chargeFailed));
        });
      case PATHS.balance:
        return this.#read(request, (team) => ok({ credit: this.state.balance(team) }));
      default:
        return { code: NOT_FOUND_BODY.status, msg: 'unknown route', httpStatus: 404 };
    }
  }

  #read(request: HttpRequest, answer: (team: Team) => Answer | null): Answer {
    this.book.notePoll(this.nowMs());
    const identity = this.authenticator.identify(undefined, request.headers['x-api-key'], false);
    if (identity.kind === 'refused') return refusal(identity.code);
    return this.limiter.refuse('task-detail', identity.team, this.nowMs()) ?? answer(identity.team) ?? refusal(1014);
  }

  #accept(call: 'create' | 'analyze', request: HttpRequest, body: unknown): Answer {
    const now = this.nowMs();
    const identity = this.authenticator.identify(undefined, request.headers['x-api-key'], true);
    const refuse = (answer: Answer): Answer => {
      this.book.append({ t: 'refusal', call, at: now, video: null, code: answer.code });
      return answer;
    };
    if (identity.kind === 'refused') return refuse(refusal(identity.code));
    const { team } = identity;
    const limited = this.limiter.refuse(call, team, now);
    if (limited !== null) return refuse(limited);
    const take = call === 'create' ? acceptTask : acceptAnalysis;
    const work = call === 'create' ? this.#fateOfTask() : this.#fateOfAnalysis();
    const answer = take(this.state, this.settings, { team, body, now, origin: this.origin(), from: 'sim', work });
    if (answer.code !== 1000) return refuse(answer);
    if (call === 'create') this.#tellLater(String(answer.data?.['_id']));
    return answer;
  }

  #fateOfTask(): WorkAction[] {
    const fate = this.#dice.oneOf([
      'task fails',
      'task fails without a reason',
      'task hangs for a while',
      'task hangs',
    ]);
    switch (fate) {
      case 'task fails':
        return [{ kind: 'fail', reason: 'processing failed', errorCode: 10 }];
      case 'task fails without a reason':
        return [{ kind: 'fail', reason: null }];
      case 'task hangs for a while':
        return [{ kind: 'stall', ms: Math.round(this.#dice.between(1_000, 60_000)) }];
      case 'task hangs':
        return [{ kind: 'stall', status: this.#dice.whole(0, 1) === 0 ? 1 : 2 }];
      case null:
        return [];
    }
  }

  #fateOfAnalysis(): WorkAction[] {
    const work: WorkAction[] = [];
    if (this.#dice.happens('analysis fails')) work.push({ kind: 'fail', reason: 'no face was found' });
    if (this.#dice.happens('analysis finds nobody')) work.push({ kind: 'people', count: 0 });
    if (this.#dice.happens('analysis counts otherwise')) work.push({ kind: 'detected', count: 4 });
    if (this.#dice.happens('analysis numbers anew')) work.push({ kind: 'reorder' });
    if (this.#dice.happens('analysis hangs'))
      work.push({ kind: 'stall', ms: Math.round(this.#dice.between(500, 20_000)) });
    return work;
  }

  /** Callbacks come when tasks end, and a little before the answer where that is the fault. */
  #tellLater(id: string): void {
    const task = this.state.anyTask(id);
    if (task === null || task.body.webhookUrl === undefined) return;
    if (this.#dice.happens('callback before the answer')) this.#tell(task, 2);
    if (task.endedAt === null || this.#dice.happens('callback dropped')) return;
    const lateMs = this.#dice.happens('callback late') ? this.#dice.between(1_000, 90_000) : 0;
    const times = this.#dice.happens('callback twice') ? this.#dice.whole(2, 4) : 1;
    for (let n = 0; n < times; n += 1)
      this.#time.after(task.endedAt - this.nowMs() + lateMs + this.#dice.between(5, 80), () => this.#tell(task, null));
  }

  #tell(task: TaskRecord, asStatus: number | null): void {
    this.state.settleDue();
    const status = asStatus ?? statusAt(this.state.anyTask(task.id) ?? task, this.nowMs());
    const forged = this.#dice.happens('callback forged');
    const other = this.#dice.happens('callback of another task');
    const id = other ? (this.#dice.pick(this.book.creates())?.id ?? task.id) : task.id;
    const data: CallbackData = {
      _id: id,
      status,
      type: this.settings.callbacks.type,
      ...(status === 3 ? { url: outputUrl(task.id, this.origin()), deduction_credit: task.price } : {}),
    };
    const { clientId, clientSecret } = this.team;
    const secret = forged ? '0'.repeat(Buffer.byteLength(clientSecret)) : clientSecret;
    const stamp = { timestampMs: this.nowMs(), nonce: String(this.#dice.whole(1_000, 9_999)) };
    const envelope = sealCallback({ clientId, clientSecret: secret }, data, stamp);
    if (task.body.webhookUrl !== undefined)
      this.#post({ url: task.body.webhookUrl, body: Buffer.from(JSON.stringify(envelope)) });
  }
}
