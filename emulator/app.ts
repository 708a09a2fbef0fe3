import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Value } from 'typebox/value';

import { NOT_FOUND_BODY, PATHS, TokenRequest } from '../akool/wire.ts';
import { acceptAnalysis, acceptTask, type Request } from './accept-work.ts';
import { analysisData, ok, refusal, taskData, type Answer } from './answer.ts';
import { Authenticator } from './authenticate.ts';
import { Book } from './book.ts';
import { CallbackSender } from './callbacks.ts';
import { systemClock, type Clock } from './clock.ts';
import { addControlRoutes } from './control-routes.ts';
import { Control } from './control.ts';
import { deliver, pause } from './deliver.ts';
import type { AnswerAction, FaultPoint } from './fault-plan.ts';
import { Faults, type Met } from './faults.ts';
import { Limiter } from './limiter.ts';
import { addMediaRoutes } from './media-routes.ts';
import { settle, type EmulatorSettings } from './options.ts';
import { VendorState, type Team } from './vendor-state.ts';

export interface EmulatorOptions extends EmulatorSettings {
  /** Real time when left out. */
  readonly clock?: Clock;
}

export interface Emulator {
  readonly app: FastifyInstance;
  /** What was accepted and charged: the oracle. */
  readonly book: Book;
  /** Changes it while it runs. */
  readonly control: Control;
}

/** Calls answered by the API, and whether they can cost money. */
type ApiPoint = Exclude<FaultPoint, 'output' | 'preview' | 'callback' | 'any' | 'token'>;

/** The emulated vendor: every v4 head-swap route, balance, tokens, media, and what can go wrong with them. */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const { clock = systemClock, ...data } = options;
  const settings = settle(data);
  const book = Book.open(settings.bookPath);
  const state = new VendorState(settings, book, clock);
  const faults = new Faults(settings.seed);
  const authenticator = new Authenticator(settings.teams);
  const limiter = new Limiter(settings.limits, state);
  let origin = settings.publicUrl;
  const callbacks = new CallbackSender({
    settings,
    book,
    clock,
    teamOf: (task) => settings.teams.find((team) => team.id === task.team),
    origin: () => origin ?? 'http://127.0.0.1',
    current: (id) => state.anyTask(id),
    settleDue: () => state.settleDue(),
  });
  const control = new Control({ settings, state, faults, authenticator, limiter, callbacks, book, clock });
  control.resume();

  const app = fastify({ logger: false, bodyLimit: 1_048_576, exposeHeadRoutes: true, forceCloseConnections: true });
  app.setNotFoundHandler((_, reply) => reply.code(404).send(NOT_FOUND_BODY));
  app.setErrorHandler((_, __, reply) => deliver(reply, refusal(1003, 'Parameter error: unreadable body'), null, clock));
  // Callbacks that are due after a restart are sent before anybody asked, so the host has to be known by then.
  app.addHook('onListen', (done) => {
    origin ??= app.listeningOrigin;
    done();
  });
  app.addHook('onClose', () => {
    callbacks.close();
    book.close();
  });

  const meet = (point: FaultPoint, video: string | null): Met => {
    const met = faults.meet(point, video, clock.now());
    for (const action of met.state) control.apply(action);
    return met;
  };
  const originOf = (request: FastifyRequest): string => {
    if (settings.publicUrl !== null) return settings.publicUrl;
    return (origin = `http://${request.headers.host ?? '127.0.0.1'}`);
  };

  /** One API call: faults, authorisation, limits, then the work itself. */
  const call = async (
    point: ApiPoint,
    request: FastifyRequest,
    reply: FastifyReply,
    video: string | null,
    work: (request: Request) => Answer,
  ): Promise<unknown> => {
    state.settleDue();
    const met = meet(point, video);
    const fault = met.answer;
    const accepting = point === 'create' || point === 'analyze' ? point : null;
    if (accepting === null) book.notePoll(clock.now());
    const refuse = (answer: Answer | null): void => {
      if (accepting !== null)
        book.append({ t: 'refusal', call: accepting, at: clock.now(), video, code: answer?.code ?? null });
    };
    if (fault !== null && replacesWork(fault)) {
      const code = fault.kind === 'code' ? refusal(fault.code) : fault.kind === 'throttle' ? refusal(1005) : null;
      refuse(code);
      return deliver(reply, refusal(2001), fault, clock);
    }
    if (fault?.kind === 'slow' && fault.before === true) await pause(clock, fault.delayMs);
    state.settleDue();
    const { authorization, 'x-api-key': apiKey } = request.headers;
    const identity = authenticator.identify(authorization, single(apiKey), accepting !== null);
    const now = clock.now();
    const answerFor = (team: Team): Answer =>
      limiter.refuse(point, team, now) ??
      work({ team, body: request.body, now, origin: originOf(request), from: request.ip, work: met.work });
    const answer = identity.kind === 'team' ? answerFor(identity.team) : refusal(identity.code);
    if (answer.code !== 1000) refuse(answer);
    else if (point === 'create') {
      const task = state.anyTask(String(answer.data?.['_id']));
      if (task !== null && task.body.webhookUrl !== undefined)
        await callbacks.accepted(task, meet('callback', video).callback);
    }
    return deliver(reply, answer, fault, clock);
  };

  app.post(PATHS.analyze, (request, reply) =>
    call('analyze', request, reply, videoOf(request.body), (each) => acceptAnalysis(state, settings, each)),
  );
  app.post(PATHS.create, (request, reply) =>
    call('create', request, reply, videoOf(request.body), (each) => acceptTask(state, settings, each)),
  );
  app.get<{ Querystring: { _id?: string } }>(PATHS.analysisDetail, (request, reply) => {
    const id = String(request.query._id);
    return call(
      'analysis-detail',
      request,
      reply,
      state.anyAnalysis(id)?.video ?? null,
      ({ team, now, origin: host }) => {
        const analysis = state.analysis(id, team);
        return analysis === null ? refusal(1014) : ok(analysisData(analysis, now, host));
      },
    );
  });
  app.get<{ Querystring: { _id?: string } }>(PATHS.taskDetail, (request, reply) => {
    const id = String(request.query._id);
    return call(
      'task-detail',
      request,
      reply,
      state.anyTask(id)?.body.video_url ?? null,
      ({ team, now, origin: host }) => {
        const task = state.task(id, team);
        return task === null ? refusal(1014) : ok(taskData(task, now, host, settings.chargeFailed));
      },
    );
  });
  app.get(PATHS.balance, (request, reply) =>
    call('balance', request, reply, null, ({ team }) => ok({ credit: state.balance(team) })),
  );
  app.post(PATHS.getToken, (request, reply) => {
    const fault = meet('token', null).answer;
    const token = Value.Check(TokenRequest, request.body)
      ? authenticator.issueToken(request.body.clientId, request.body.clientSecret)
      : null;
    return deliver(reply, token === null ? refusal(1101) : { code: 1000, msg: 'OK', top: { token } }, fault, clock);
  });
  addMediaRoutes(app, { state, clock, outputTtlMs: settings.outputTtlMs, meet });
  addControlRoutes(app, { control, book });
  return { app, book, control };
}

/** Faults after which the request leaves no trace but a refusal in the book. */
function replacesWork(fault: AnswerAction): boolean {
  switch (fault.kind) {
    case 'throttle':
    case 'drop-before':
    case 'flood':
      return true;
    case 'code':
    case 'http':
    case 'half-json':
      return fault.accept !== true;
    default:
      return false;
  }
}

function videoOf(body: unknown): string | null {
  const video: unknown = typeof body === 'object' && body !== null && 'video_url' in body ? body.video_url : null;
  return typeof video === 'string' ? video : null;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
