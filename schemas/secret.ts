/** A value that must not show: printing, logging, JSON and inspection all give `[secret]`. Only `reveal` gives the text. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
  get [Symbol.toStringTag](): string {
    return 'Secret';
  }
}
