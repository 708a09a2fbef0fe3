import type { CreateConnectionOptions } from '../../akool/create-connection.ts';
import type { OpenCreate, Wire } from '../../akool/socket-wire.ts';
import type { Exchange, HttpRequest } from '../../akool/transport.ts';
import type { Answer } from '../../emulator/answer.ts';
import type { FaultDice } from './fault-dice.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimVendor } from './sim-vendor.ts';
import { broken, html, plain } from './spoilt-answers.ts';
import type { VirtualTime } from './virtual-time.ts';
import { createPassage, passageOf, type Passage } from './wire-faults.ts';

export interface WireSurroundings {
  readonly time: VirtualTime;
  readonly vendor: SimVendor;
  readonly dice: FaultDice;
  readonly process: SimProcess;
  readonly timeoutMs: number;
  /** Which attempt the activity that runs here is about. */
  readonly attempt: () => number;
  /** In the tick in which the first byte leaves. */
  readonly onFirstByte: (attempt: number) => void;
  readonly onAccepted: (attempt: number, task: string) => void;
  /** The answer of an accepted create reached the process whole and in time. */
  readonly onAnswered: (attempt: number) => void;
}

/** The vendor's network as one process sees it. */
export function simWire(around: WireSurroundings): Wire {
  return {
    exchange: (request) => exchange(around, request, passageOf(around.dice, request), () => undefined),
    openCreate: (options) => openCreate(around, options),
    close: () => Promise.resolve(),
  };
}

async function openCreate(
  around: WireSurroundings,
  { headers, url }: CreateConnectionOptions,
): Promise<OpenCreate | (Exchange & { kind: 'broken' })> {
  const { dice, process, vendor } = around;
  await process.sleep(dice.between(1, 30));
  if (vendor.down || dice.happens('create: connection refused')) return broken('connect', 'no', 'ECONNREFUSED');
  let usable = true;
  const closes = dice.happens('create: closed before the send');
  return {
    get usable() {
      return usable && !closes;
    },
    write(body) {
      usable = false;
      const attempt = around.attempt();
      around.onFirstByte(attempt);
      const request = { method: 'POST', path: url.pathname, headers, body } as const;
      let task: string | null = null;
      const passage = createPassage(dice, around.timeoutMs);
      const whole = passage.back === null && passage.instead === null;
      return exchange(around, request, passage, (answer) => {
        const id = answer.data?.['_id'];
        if (answer.code !== 1000 || typeof id !== 'string') return;
        task = id;
        around.onAccepted(attempt, id);
      }).then((answer) => {
        if (whole && task !== null && answer.kind === 'answer') around.onAnswered(attempt);
        return answer;
      });
    },
    discard() {
      usable = false;
    },
  };
}

function exchange(
  around: WireSurroundings,
  request: HttpRequest,
  passage: Passage,
  onHandled: (answer: Answer) => void,
): Promise<Exchange> {
  const { time, vendor, dice, process } = around;
  return new Promise((resolve) => {
    const deadline = process.alarm(around.timeoutMs, () =>
      resolve(broken('deadline', 'maybe', `no complete answer in ${around.timeoutMs} ms`)),
    );
    const hear = (answer: Exchange): void =>
      process.deliver(() => {
        deadline.cancel();
        resolve(answer);
      });
    time.after(dice.between(2, 40), () => {
      // What a process that died had written is sent by its kernel, or dies with it.
      if (!passage.arrives || (process.dead && dice.whole(0, 1) === 0)) return;
      if (vendor.down) {
        time.after(dice.between(2, 40), () => hear(html(502)));
        return;
      }
      const { instead } = passage;
      if (instead !== null && 'kind' in instead) {
        time.after(dice.between(2, 40), () => hear(instead));
        return;
      }
      const answer = instead ?? vendor.handle(request);
      if (instead === null) onHandled(answer);
      const said = (passage.back ?? plain)(answer);
      if (said.kind === 'broken' && said.reason === 'deadline') return;
      time.after(dice.between(2, 60) + passage.lateMs, () => hear(said));
    });
  });
}
