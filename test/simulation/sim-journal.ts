import type { Journal, JournalEntry } from '../../ledger/journal.ts';
import type { FaultDice } from './fault-dice.ts';
import type { SimProcess } from './sim-process.ts';

/** A process's journal on a disk that outlives it: `lines` is what was synced. */
export function simJournal(process: SimProcess, dice: FaultDice, lines: JournalEntry[]): Journal {
  return {
    file: `${process.name}.jsonl`,
    async append(entry) {
      await process.sleep(dice.between(0, 4));
      if (dice.happens('journal: not written'))
        throw new Error('the journal could not be written; nothing may be sent');
      lines.push(entry);
      await process.sleep(dice.between(0, 2));
    },
    close: () => Promise.resolve(),
  };
}
