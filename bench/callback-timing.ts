/**
 * What callbacks cost. `node bench/callback-timing.ts [seconds]`
 *
 * 1. 1,000 good and 1,000 forged messages in turn: the means of their answers' times may differ by less than 1 ms.
 * 2. 500 messages a second (copies, forged, to nobody, good ones) for 30 s or so many seconds, from another process, while
 *    50 tasks are polled once a second each: memory may grow by 50 MB, no poll may be late by more than a second.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'undici';
import { sealCallback } from '../akool/callback.ts';
import { CallbackWorld, SECRETS } from '../test/activities/callback-world.ts';

const FORGER = { ...SECRETS, clientSecret: 'x'.repeat(32) };
const RATE = 500;

function message(taskId: string, nonce: number, secrets = SECRETS): string {
  return JSON.stringify(
    sealCallback(secrets, { _id: taskId, status: 3 }, { timestampMs: Date.now(), nonce: `${nonce}` }),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function timing(): Promise<void> {
  const world = await CallbackWorld.start({
    timeoutMs: 30_000,
    emulator: { taskMs: 600_000, callbacks: { send: false } },
  });
  const attempts: { token: string; taskId: string }[] = [];
  for (const work of await world.ready(50)) {
    const attempt = await world.attempt(await world.create(work));
    const task = world.emulator.book.creates().at(-1);
    if (task !== undefined) attempts.push({ token: attempt.token, taskId: task.id });
  }
  const agent = new Agent({ connections: 1 });
  const took: { good: number[]; forged: number[] } = { good: [], forged: [] };
  let ticking = true;
  const ticks = (async () => {
    for (; ticking; await new Promise((done) => setTimeout(done, 50))) await world.tick();
  })();
  for (let n = 0; n < 2_000; n += 1) {
    const kind = (n + Math.floor(n / 2)) % 2 === 0 ? 'good' : 'forged';
    const { token, taskId } = attempts[Math.floor(n / 2) % attempts.length] ?? { token: '', taskId: '' };
    const body = message(taskId, n, kind === 'good' ? SECRETS : FORGER);
    const from = performance.now();
    const answer = await request(`${world.receiver.url}/callback/${token}`, {
      method: 'POST',
      body,
      dispatcher: agent,
    });
    await answer.body.dump();
    took[kind].push(performance.now() - from);
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
  }
  ticking = false;
  await ticks;
  await agent.close();
  await world.stop();
  const apart = Math.abs(mean(took.good) - mean(took.forged));
  console.log(
    `answers: good ${mean(took.good).toFixed(2)} ms, forged ${mean(took.forged).toFixed(2)} ms, apart ${apart.toFixed(2)} ms (target < 1)`,
  );
}

/** What is left after a collection: the resident size says mostly how lazily garbage is collected. */
function liveHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

async function flood(seconds: number): Promise<void> {
  const polling = { firstMs: 1_000, factor: 1, maxMs: 1_000, stalledAfterMs: 3_600_000 };
  const world = await CallbackWorld.start({
    timeoutMs: 30_000,
    emulator: { taskMs: 600_000, callbacks: { send: false } },
    polling,
  });
  const attempts: { token: string; taskId: string }[] = [];
  for (const work of await world.ready(50)) {
    const attempt = await world.attempt(await world.create(work));
    const task = world.emulator.book.creates().at(-1);
    if (task !== undefined) attempts.push({ token: attempt.token, taskId: task.id });
  }
  const child = fork(import.meta.filename, ['send', world.receiver.url, String(seconds), JSON.stringify(attempts)]);
  const ended = once(child, 'message') as Promise<[Record<string, number>]>;
  let worstLateMs = 0;
  let startRss = 0;
  let worstRss = 0;
  let over = false;
  void ended.then(() => (over = true));
  const liveBefore = liveHeap();
  const begun = performance.now();
  const cpu = process.cpuUsage();
  while (!over) {
    const due = await world.ledger.db
      .selectFrom('tasks')
      .select(['id', 'next_poll_at'])
      .where('state', '=', 'open')
      .execute();
    const nowMs = await world.ledger.now();
    for (const task of due)
      if (!world.poller.isPolling(task.id)) worstLateMs = Math.max(worstLateMs, nowMs - task.next_poll_at);
    await world.tick();
    const { rss } = process.memoryUsage();
    // The first seconds warm up: code is compiled, pools fill.
    if (performance.now() - begun < 3_000) startRss = Math.max(startRss, rss);
    worstRss = Math.max(worstRss, rss);
    await new Promise((done) => setTimeout(done, 50));
  }
  const [sent] = await ended;
  const used = process.cpuUsage(cpu);
  const lasted = performance.now() - begun;
  const liveAfter = liveHeap();
  const kept = await world.messages();
  const mb = (bytes: number) => (bytes / 1_048_576).toFixed(0);
  console.log(
    `flood: ${JSON.stringify(sent)} in ${(lasted / 1_000).toFixed(1)} s of ${seconds}, ${kept.length} rows kept, CPU ${((used.user + used.system) / 1_000 / seconds / RATE).toFixed(2)} ms a message`,
  );
  console.log(
    `memory in use ${mb(liveBefore)} -> ${mb(liveAfter)} MB (target <= +50), resident ${mb(startRss)} -> ${mb(worstRss)} MB with the emulated vendor and garbage in it, worst poll ${Math.round(worstLateMs)} ms late (target <= 1000)`,
  );
  await world.stop();
}

/** The sender's process: 500 a second, whatever is answered. */
async function send(url: string, seconds: number, attempts: { token: string; taskId: string }[]): Promise<void> {
  const agent = new Agent({ connections: 50 });
  const answered: Record<string, number> = {};
  const flying: Promise<void>[] = [];
  const slowest = { ms: 0 };
  const one = async (n: number) => {
    const at = attempts[n % attempts.length] ?? { token: '', taskId: '' };
    const kind = n % 10;
    const token = kind >= 7 ? `nobody-${n}` : at.token;
    const body = kind < 4 ? message(at.taskId, 1) : message(at.taskId, n, kind === 6 ? SECRETS : FORGER);
    const from = performance.now();
    const answer = await request(`${url}/callback/${token}`, { method: 'POST', body, dispatcher: agent }).catch(
      () => null,
    );
    await answer?.body.dump();
    slowest.ms = Math.max(slowest.ms, performance.now() - from);
    const key = String(answer?.statusCode ?? 'unreached');
    answered[key] = (answered[key] ?? 0) + 1;
  };
  const begun = performance.now();
  for (let n = 0; n < seconds * RATE; n += 1) {
    const dueMs = (n * 1_000) / RATE - (performance.now() - begun);
    if (dueMs > 1) await new Promise((done) => setTimeout(done, dueMs));
    flying.push(one(n));
  }
  await Promise.all(flying);
  await agent.close();
  process.send?.({ ...answered, slowestMs: Math.round(slowest.ms) });
}

const [what, url, seconds, attempts] = process.argv.slice(2);
if (what === 'send')
  await send(url ?? '', Number(seconds), JSON.parse(attempts ?? '[]') as { token: string; taskId: string }[]);
else {
  await timing();
  await flood(Number(what ?? 30));
}
