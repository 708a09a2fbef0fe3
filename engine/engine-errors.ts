import { EXIT } from '../schemas/exit-codes.ts';

/** No Temporal server answers. Nothing was sent to the vendor: without an engine nobody sends. */
export class EngineUnreachable extends Error {
  override readonly name = 'EngineUnreachable';
  readonly exitCode = EXIT.unreachable;
  readonly address: string;
  /** One line, what to do next. */
  readonly cure: string;

  constructor(address: string, what: string, cure: string, options?: ErrorOptions) {
    super(`${what}. Nothing was charged. What to do: ${cure}`, options);
    this.address = address;
    this.cure = cure;
  }
}
