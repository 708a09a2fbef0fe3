import type { KyselyPlugin } from 'kysely';
import type { Ledger } from '../../ledger/open-ledger.ts';
import type { FaultDice } from './fault-dice.ts';
import type { SimProcess } from './sim-process.ts';

/** The ledger did not answer; whether it did what was asked is another question. */
class LedgerAway extends Error {
  override readonly name = 'LedgerAway';
}

/** Whether the ledger is out of reach of everybody. */
export interface LedgerWeather {
  away: boolean;
}

/**
 * The ledger as a process reaches it over a network: every write takes its time before and after, and can be lost on the way
 * there (nothing was written) or back (it was; fault row 19). Reads can fail. The ledger itself is the real one.
 */
export function ledgerOverNetwork(
  ledger: Ledger,
  process: SimProcess,
  dice: FaultDice,
  weather: LedgerWeather,
): Ledger {
  const reads: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (weather.away || dice.happens('ledger: read fails')) throw new LedgerAway('the ledger did not answer a read');
      return result;
    },
  };
  return {
    ...ledger,
    db: ledger.db.withPlugin(reads),
    async write(job) {
      await process.sleep(dice.between(0, 3));
      if (weather.away || dice.happens('ledger: unreachable')) throw new LedgerAway('the ledger was not reached');
      if (dice.happens('ledger: slow')) await process.sleep(dice.between(200, 6_000));
      const written = await ledger.write(job);
      await process.sleep(dice.between(0, 3));
      if (dice.happens('ledger: committed, unheard')) throw new LedgerAway('the connection broke during the commit');
      return written;
    },
  };
}
