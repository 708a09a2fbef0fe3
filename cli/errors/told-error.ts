/** An error that JSON lines have told already; what was thrown is its cause. */
export class ToldError extends Error {
  override readonly name = 'ToldError';

  constructor(thrown: unknown) {
    super('told', { cause: thrown });
  }
}
