import { PassThrough } from 'node:stream';
import type { ContextOptions } from '../../operations/context.ts';
import type { GlobalFlags } from '../../cli/global-flags.ts';
import { createScreen } from '../../cli/screen.ts';
import type { Session } from '../../cli/session.ts';

/** A stream that keeps what is written, and can pretend to be a terminal. */
class Kept extends PassThrough {
  readonly isTTY: boolean;
  readonly columns = 80;
  #text = '';

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
    this.on('data', (part: Buffer) => (this.#text += part.toString('utf8')));
  }

  get text(): string {
    return this.#text;
  }
}

const FLAGS: GlobalFlags = { json: false, quiet: false, verbose: false, color: true, input: true, yes: false };

const CONTEXT: ContextOptions = {
  cwd: '/',
  env: {},
  flags: {},
  userAtHost: 'mira@render1',
  toolVersion: '0',
  log: () => {},
  starters: {
    startWorker: () => Promise.reject(new Error('not in this test')),
    startEmulator: () => Promise.reject(new Error('not in this test')),
    startReceiver: () => Promise.reject(new Error('not in this test')),
  },
};

/** A session over kept streams; `terminal` makes all three streams terminals. */
export function fakeSession(given: Partial<GlobalFlags> = {}, terminal = false) {
  const flags = { ...FLAGS, ...given };
  const [stdin, stdout, stderr] = [new Kept(terminal), new Kept(terminal), new Kept(terminal)];
  const abort = new AbortController();
  let hardStop: (exit: 130) => string = () => '';
  const session: Session = {
    flags,
    screen: createScreen({ stdin, stdout, stderr, env: { TERM: 'xterm', NO_COLOR: '1' } }, flags),
    context: CONTEXT,
    signal: abort.signal,
    readerGone: new AbortController().signal,
    onHardStop: (tell) => (hardStop = tell),
  };
  return { session, stdin, stdout, stderr, abort, hardStop: () => hardStop(130) };
}
