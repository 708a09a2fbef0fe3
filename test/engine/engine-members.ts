import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { formatIdentity, identityOf, isAlive } from '../../engine/process-identity.ts';

export interface MemberEvent {
  readonly event: 'joined' | 'restarted' | 'left' | 'log';
  readonly address?: string;
  readonly owned?: boolean;
  readonly tookMs?: number;
  readonly message?: string;
}

/** A process of its own that uses the embedded engine (join.process.ts). */
export interface Member {
  readonly pid: number;
  readonly events: readonly MemberEvent[];
  /** The first event that fits, already seen or still to come. Rejects when the process ends without it. */
  until(fits: (event: MemberEvent) => boolean): Promise<MemberEvent>;
  leave(): Promise<void>;
  /** SIGKILL: it gets to clean up nothing. */
  kill(): Promise<void>;
}

const program = join(import.meta.dirname, 'join.process.ts');

export function startMember(stateDir: string, role: 'up' | 'command' = 'command'): Member {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, stateDir, role], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const events: MemberEvent[] = [];
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const listeners = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line) as MemberEvent);
    for (const listener of listeners) listener();
  });
  const exited = exitOf(child);
  return {
    pid: child.pid ?? 0,
    events,
    until: async (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.find(fits);
          if (found) resolve(found);
        };
        listeners.add(look);
        look();
        void exited.then(() => reject(new Error(`ended without it; said ${JSON.stringify(events)} ${complaint}`)));
      }),
    leave: async () => {
      child.stdin.write('leave\n');
      await exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Waits until the process is gone, which for no child of ours is no event. */
export async function untilDead(pid: number): Promise<void> {
  const identity = identityOf(pid);
  while (identity && isAlive(formatIdentity(identity)) === 'alive') await new Promise((next) => setTimeout(next, 5));
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
