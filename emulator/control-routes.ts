import type { FastifyInstance, FastifyReply } from 'fastify';
import Type from 'typebox';
import { Value } from 'typebox/value';

import type { Book } from './book.ts';
import type { Control } from './control.ts';
import { FaultPlan, FaultRule, Limits } from './fault-plan.ts';

const Balance = Type.Object({ credits: Type.Number(), apiKey: Type.Optional(Type.String()) });
const Key = Type.Object({
  refuse: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  expireTokens: Type.Optional(Type.Boolean()),
});
const Finish = Type.Object({
  id: Type.String(),
  ends: Type.Optional(Type.Union([Type.Literal('completed'), Type.Literal('failed')])),
});

/** `/_emulator/*`, from this machine only: steers and reads an emulator in another process. */
export function addControlRoutes(app: FastifyInstance, { control, book }: { control: Control; book: Book }): void {
  void app.register(
    async (routes) => {
      routes.addHook('onRequest', async (request, reply) => {
        if (!/^(::1|(::ffff:)?127\.)/.test(request.ip)) return reply.code(403).send({ error: 'loopback only' });
        return undefined;
      });
      /** Answers with the balance, so that a caller sees what it did. */
      const take = <S extends Type.TSchema>(path: string, shape: S, act: (body: Type.Static<S>) => void): void => {
        routes.post(path, (request, reply) => {
          if (!Value.Check(shape, request.body)) return bad(reply, Value.Errors(shape, request.body));
          act(request.body as Type.Static<S>);
          return reply.send({ balance: control.balance() });
        });
      };
      take('/balance', Balance, ({ credits, apiKey }) => control.setBalance(credits, apiKey));
      take('/limits', Limits, (limits) => control.setLimits(limits));
      take('/finish', Finish, ({ id, ends }) => void control.finish(id, ends));
      take('/key', Key, ({ refuse, expireTokens }) => {
        if (refuse !== undefined) control.refuseKeys(refuse);
        if (expireTokens === true) control.expireTokens();
      });
      take('/faults', Type.Union([FaultPlan, Type.Array(FaultRule), FaultRule]), (given) => {
        control.addFaults(...('faults' in given ? given.faults : Array.isArray(given) ? given : [given]));
      });
      routes.delete('/faults', (_, reply) => {
        control.clearFaults();
        return reply.send({ balance: control.balance() });
      });
      routes.get('/book', (_, reply) => {
        control.settle();
        return reply.send({ ...summary(book), balance: control.balance(), entries: book.entries() });
      });
      routes.get('/summary', (_, reply) => {
        control.settle();
        return reply.send({ ...summary(book), balance: control.balance() });
      });
    },
    { prefix: '/_emulator' },
  );
}

function summary(book: Book) {
  const opened = (kind: 'create' | 'analyze' | 'poll') => ({
    count: book.count(kind),
    maxPerSecond: book.maxRate(kind),
  });
  return {
    accepted: book.creates().length,
    charged: book.charges().total,
    doublePaid: book.doublePaid().map((group) => group.map(({ id }) => id)),
    maxOpenTasks: book.maxOpenTasks(),
    requests: { create: opened('create'), analyze: opened('analyze'), poll: opened('poll') },
  };
}

function bad(reply: FastifyReply, errors: readonly { instancePath: string; message: string }[]): FastifyReply {
  return reply.code(400).send({ errors: errors.map(({ instancePath, message }) => `${instancePath} ${message}`) });
}
