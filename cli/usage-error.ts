/** The command line asks for something that cannot be done as it is written: exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The next step, plain words. */
  readonly next: string;

  constructor(message: string, next: string) {
    super(message);
    this.next = next;
  }
}
