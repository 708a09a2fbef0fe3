/** Ctrl-C before anything was begun that would have to be settled: exit 130. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor() {
    super('Interrupted before anything was sent. Nothing was charged.');
  }
}
