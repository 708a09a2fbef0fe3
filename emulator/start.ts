import { createEmulator, type Emulator, type EmulatorOptions } from './app.ts';

export interface StartOptions extends EmulatorOptions {
  /** 0 or left out: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

export interface RunningEmulator extends Emulator {
  /** What to use as `base_url`, without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the emulated vendor on a port. Rejects when the port is taken or the book cannot be read. */
export async function startEmulator(options: StartOptions = {}): Promise<RunningEmulator> {
  const { port = 0, host = '127.0.0.1', ...rest } = options;
  const emulator = createEmulator(rest);
  const url = await emulator.app.listen({ port, host });
  return { ...emulator, url, close: () => emulator.app.close() };
}
