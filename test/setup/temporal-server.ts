import { afterAll, beforeAll, inject } from 'vitest';
import { joinEngine, type EngineHandle } from '../../engine/embedded-engine.ts';
import { findTemporalCli, type TemporalCli } from '../../engine/temporal-cli.ts';

/** The Temporal CLI that set-up provided. */
export async function testTemporalCli(): Promise<TemporalCli> {
  return findTemporalCli(process.env);
}

/**
 * A real Temporal server for the calling test file, shared with all others that run at the same time: name task queues and
 * workflow ids after the file. Call it at the top of a file or describe; `address` may be read inside tests and hooks.
 */
export function useTemporalServer(): { readonly address: string; readonly namespace: string } {
  let engine: EngineHandle | undefined;
  beforeAll(async () => {
    const stateDir = inject('sharedEngineDir');
    engine = await joinEngine({ stateDir, cli: await testTemporalCli(), role: 'command', log: () => undefined });
  });
  afterAll(async () => engine?.leave());
  const joined = (): EngineHandle => {
    if (!engine) throw new Error('the server is there only inside tests and hooks');
    return engine;
  };
  return {
    get address() {
      return joined().address;
    },
    get namespace() {
      return joined().namespace;
    },
  };
}
