import { createHash } from 'node:crypto';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import { isEnded } from '../../schemas/states.ts';
import { ACCOUNT } from './enter-scenario.ts';
import type { SimWorld } from './sim-world.ts';

/**
 * What must hold whenever nothing is in flight, held against the vendor's book (faults, section 4). `ended`: after everybody
 * has done what only people can do, when nothing may be left open. Returns what does not hold.
 */
export async function checkWorld(world: SimWorld, ended: boolean): Promise<string[]> {
  return [
    ...world.wrong,
    ...(await counters(world)),
    ...(await rows(world, ended)),
    ...(await creates(world, ['uncertain', 'abandoned'])),
    ...(await paidTwice(world)),
    ...(await credits(world)),
    // Whoever resumes at the end lifts every budget.
    ...(ended ? [] : await budgets(world)),
    ...(await outputs(world)),
    ...(await gates(world)),
    ...(await journal(world)),
    ...(await answersBound(world)),
  ];
}

/** What must hold at any moment, whatever is in flight. */
export async function checkMoment(world: SimWorld): Promise<string[]> {
  return [
    ...world.wrong,
    ...(await counters(world)),
    ...(await creates(world, ['sending', 'uncertain', 'abandoned'])),
    ...(await paidTwice(world)),
    ...(await journal(world)),
    ...(await uncertainBound(world)),
  ];
}

async function counters({ ledger }: SimWorld): Promise<string[]> {
  return (await verifyCounters(ledger.db)).map(
    ({ table, id, counter, stored, recomputed }) =>
      `counter ${counter} of ${table} ${id} is ${stored}, its rows say ${recomputed}`,
  );
}

/** I1, I8, I11: every row is there, and is ended, shown as uncertain, or waits for a person or the money. */
async function rows({ ledger, scenario }: SimWorld, ended: boolean): Promise<string[]> {
  const items = await ledger.db.selectFrom('items').select(['batch', 'id', 'state', 'stalled']).execute();
  const wrong = scenario.batches.flatMap((batch) =>
    batch.items
      .filter(({ id }) => !items.some((item) => item.batch === batch.id && item.id === id))
      .map(({ id }) => `I1: row ${id} of ${batch.id} is lost`),
  );
  const parked = (await ledger.db.selectFrom('gates').select('owner').execute()).map(({ owner }) => owner);
  for (const { batch, id, state, stalled } of items) {
    if (isEnded(state)) continue;
    const person = state === 'uncertain' || state === 'needs-pick' || stalled === 1;
    const money = (state === 'ready' || state === 'pending') && (parked.includes(batch) || parked.includes(ACCOUNT));
    if (ended || !(person || money)) wrong.push(`I8: ${id} of ${batch} is left ${state}`);
  }
  const sending = await ledger.db
    .selectFrom('attempts')
    .select(['id', 'state'])
    .where('state', 'in', ended ? ['reserved', 'sending', 'uncertain', 'bound'] : ['reserved', 'sending'])
    .execute();
  // A task that hangs keeps its attempt bound until it ends.
  return [...wrong, ...sending.map(({ id, state }) => `I8: attempt ${id} is left ${state}`)];
}

/** I11: each accepted create is a task of the attempt that sent it, or that attempt is shown as uncertain, or was given up. */
async function creates({ ledger, accepted }: SimWorld, unbound: readonly string[]): Promise<string[]> {
  const attempts = new Map(
    (await ledger.db.selectFrom('attempts').select(['id', 'state']).execute()).map(({ id, state }) => [id, state]),
  );
  const tasks = new Map(
    (await ledger.db.selectFrom('tasks').select(['id', 'attempt']).execute()).map(({ id, attempt }) => [id, attempt]),
  );
  const wrong: string[] = [];
  const seen = new Set<number>();
  for (const { attempt, task } of accepted) {
    if (seen.has(attempt)) wrong.push(`I2: attempt ${attempt} was accepted twice`);
    seen.add(attempt);
    const boundTo = tasks.get(task);
    const state = attempts.get(attempt);
    if (boundTo !== undefined && boundTo !== attempt)
      wrong.push(`I11: the task of attempt ${attempt} is bound to attempt ${boundTo}`);
    if (boundTo === undefined && !unbound.includes(state ?? ''))
      wrong.push(
        `I11: a create of attempt ${attempt} was accepted and has no task, and the attempt is ${state ?? 'unknown'}`,
      );
  }
  return wrong;
}

/** Never more are uncertain than `max_uncertain` and what could have been in flight when it was reached. */
async function uncertainBound({ ledger, scenario }: SimWorld): Promise<string[]> {
  const row = await ledger.db.selectFrom('accounts').select('uncertain').executeTakeFirst();
  const most = scenario.maxUncertain + scenario.openTasks;
  return row !== undefined && row.uncertain > most
    ? [`${row.uncertain} creates are uncertain, at most ${most} may be`]
    : [];
}

/** I2: of one piece of work, no more tasks cost money than somebody asked for. */
async function paidTwice({ ledger, vendor, accepted }: SimWorld): Promise<string[]> {
  const attempts = await ledger.db.selectFrom('attempts').select(['id', 'work_key as work', 'item', 'state']).execute();
  const retried = await ledger.db
    .selectFrom('events')
    .innerJoin('items', (join) => join.onRef('items.id', '=', 'events.item').onRef('items.batch', '=', 'events.batch'))
    .select('items.key')
    .where('events.type', '=', 'retried')
    .execute();
  const workOf = new Map(attempts.map(({ id, work }) => [id, work]));
  const attemptOf = new Map(accepted.map(({ attempt, task }) => [task, attempt]));
  return vendor.book.doublePaid().flatMap((tasks) => {
    const works = new Set(tasks.map(({ id }) => workOf.get(attemptOf.get(id) ?? 0) ?? '?'));
    const ofWork = attempts.filter(({ work }) => works.has(work));
    const givenUp = ofWork.filter(({ state }) => state === 'abandoned').length;
    const items = new Set(ofWork.map(({ item }) => item));
    const again = retried.filter(({ key }) => items.has(key)).length;
    const asked = 1 + givenUp + again;
    const by = tasks.map(({ id }) => attemptOf.get(id)).join(', ');
    return tasks.length > asked ? [`I2: paid ${tasks.length} times (attempts ${by}), asked for ${asked}`] : [];
  });
}

/** I3: what the vendor charged is what our tasks say, and what is not known belongs to creates shown as such. */
async function credits({ ledger, vendor, accepted }: SimWorld): Promise<string[]> {
  vendor.state.settleDue();
  const { byTask } = vendor.book.charges();
  const tasks = await ledger.db.selectFrom('tasks').select(['id', 'attempt', 'state', 'charged']).execute();
  const wrong = tasks
    .filter(({ state }) => state !== 'open')
    .filter(({ id, charged }) => (charged ?? 0) !== (byTask.get(id) ?? 0))
    .map(
      ({ id, attempt, charged }) =>
        `I3: the task of attempt ${attempt} cost ${byTask.get(id) ?? 0}, told as ${charged}`,
    );
  const invented = tasks.filter(({ id }) => !accepted.some(({ task }) => task === id));
  return [...wrong, ...invented.map(({ attempt }) => `I3: attempt ${attempt} has a task that nobody created`)];
}

/**
 * I5: a budget holds for what is charged. Where no price is known one create goes ahead to learn it, and may pass the budget;
 * where the vendor charges more than it said, nothing is promised.
 */
async function budgets({ ledger, scenario }: SimWorld): Promise<string[]> {
  const batches = await ledger.db.selectFrom('batches').select(['id', 'budget', 'charged']).execute();
  const { charges, hold, prices } = scenario;
  const known = prices['720p'] !== undefined;
  if (charges['720p'] > (known ? Number(prices['720p']) : hold)) return [];
  const beyond = known ? 0 : charges['720p'];
  return batches
    .filter(({ budget, charged }) => budget !== null && charged > budget + beyond)
    .map(({ id, budget, charged }) => `I5: ${id} was charged ${charged}, its budget is ${budget}`);
}

/** I4: a done row has the vendor's bytes, and nothing else has a final name. */
async function outputs({ ledger, vendor, files }: SimWorld): Promise<string[]> {
  const made = new Set(vendor.book.settlements().map(({ sha256 }) => sha256));
  const wrong = [...files]
    .filter(([key, bytes]) => !key.includes('/pictures/') && !made.has(digest(bytes)))
    .map(([key]) => `I4: ${key} is not what the vendor made`);
  const done = await ledger.db
    .selectFrom('items')
    .leftJoin('outputs', 'outputs.item', 'items.key')
    .select(['items.id', 'outputs.file', 'outputs.sha256'])
    .where('items.state', '=', 'done')
    .execute();
  const missing = done.filter(({ file, sha256 }) => {
    const bytes = file === null ? undefined : files.get(file);
    return bytes === undefined || digest(bytes) !== sha256;
  });
  return [...wrong, ...missing.map(({ id }) => `I4: ${id} is done without its output`)];
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** I5: nothing is sent while a gate is closed. */
async function gates({ ledger }: SimWorld): Promise<string[]> {
  const events = await ledger.db
    .selectFrom('events')
    .select(['at', 'type', 'batch', 'account', 'detail'])
    .where('type', 'in', ['gate-closed', 'gate-opened'])
    .orderBy('seq')
    .execute();
  const sent = await ledger.db
    .selectFrom('attempts')
    .select(['id', 'batch', 'account', 'sent_at as at'])
    .where('sent_at', 'is not', null)
    .execute();
  const wrong: string[] = [];
  const closed = new Map<string, number>();
  for (const { at, type, batch, account, detail } of events) {
    const name = detail.slice(0, detail.indexOf(':'));
    // A reached budget does not take back what was claimed within it.
    if (name === 'budget') continue;
    const gate = `${batch ?? account ?? ''} ${name}`;
    const since = closed.get(gate);
    if (type === 'gate-closed') closed.set(gate, at);
    else if (since !== undefined) {
      closed.delete(gate);
      const through = sent.filter(
        (one) =>
          (batch === null ? one.account === account : one.batch === batch) &&
          (one.at ?? 0) > since &&
          (one.at ?? 0) < at,
      );
      wrong.push(...through.map(({ id }) => `I5: attempt ${id} was sent while ${gate} was closed`));
    }
  }
  return wrong;
}

/** The journal knew of every create before it was sent. */
async function journal({ ledger, journal: lines }: SimWorld): Promise<string[]> {
  const reserved = new Set(lines.filter(({ type }) => type === 'reserve').map(({ token }) => token));
  const sent = await ledger.db
    .selectFrom('attempts')
    .select(['id', 'token'])
    .where('sent_at', 'is not', null)
    .execute();
  return sent
    .filter(({ token }) => !reserved.has(token))
    .map(({ id }) => `the journal has no line for attempt ${id}, which was sent`);
}

/** How long a process keeps trying to write an answer down. */
const WRITE_DOWN_MS = 25_000;

/** An answer that reached a living process whole is bound: *uncertain* has a cause. */
async function answersBound({ ledger, answered, time }: SimWorld): Promise<string[]> {
  const bound = new Set(
    (await ledger.db.selectFrom('tasks').select('attempt').execute()).map(({ attempt }) => attempt),
  );
  return answered
    .filter(({ attempt, process, atMs }) => {
      const stood = process.stoodStillAtMs;
      const hadTime = time.now() - atMs > WRITE_DOWN_MS;
      return hadTime && !bound.has(attempt) && (stood === null || stood < atMs || stood > atMs + WRITE_DOWN_MS);
    })
    .map(({ attempt }) => `I11: the answer to attempt ${attempt} was heard, and is not in the ledger`);
}
