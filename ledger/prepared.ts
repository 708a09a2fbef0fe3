import { PostgresAdapter, type Compilable, type CompiledQuery } from 'kysely';
import type { Tx } from './open-ledger.ts';

type Value = string | number | null;

/** Stands in a statement for the value of that name. */
class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A statement whose text is built once; `R` is a row of its answer. */
export interface Prepared<P, R> {
  all(tx: Tx, values: P): Promise<R[]>;
  first(tx: Tx, values: P): Promise<R | undefined>;
  one(tx: Tx, values: P): Promise<R>;
  run(tx: Tx, values: P): Promise<void>;
}

/**
 * A statement that runs for every item: written with the query builder and checked by its types, but built once per
 * dialect instead of every time, which took as long as SQLite needs to run it (docs/figures.md). The shape may not depend on the
 * values: `build` sees placeholders, never values.
 */
export function prepared<P extends { readonly [K in keyof P]: Value }>() {
  return <R>(build: (db: Tx, value: P) => Compilable<R> | CompiledQuery<R>): Prepared<P, R> => {
    const texts: { sqlite?: CompiledQuery<R>; postgres?: CompiledQuery<R> } = {};
    const execute = async (tx: Tx, values: P) => {
      const dialect = tx.getExecutor().adapter instanceof PostgresAdapter ? 'postgres' : 'sqlite';
      const text = (texts[dialect] ??= textOf(build(tx, placeholders<P>())));
      const parameters = text.parameters.map((given) =>
        given instanceof Placeholder ? values[given.name as keyof P] : given,
      );
      return tx.executeQuery<R>({ ...text, parameters });
    };
    return {
      all: async (tx, values) => (await execute(tx, values)).rows,
      first: async (tx, values) => (await execute(tx, values)).rows[0],
      async one(tx, values) {
        const row = (await execute(tx, values)).rows[0];
        if (row === undefined) throw new Error('a row that must be in the ledger is not there');
        return row;
      },
      async run(tx, values) {
        await execute(tx, values);
      },
    };
  };
}

function textOf<R>(built: Compilable<R> | CompiledQuery<R>): CompiledQuery<R> {
  return 'compile' in built ? built.compile() : built;
}

/** Every name read from it is a placeholder of that name. */
function placeholders<P>(): P {
  return new Proxy({}, { get: (_, name) => new Placeholder(String(name)) }) as P;
}
