import { defineSignal } from '@temporalio/workflow';
import { WAKE_SIGNAL } from '../schemas/names.ts';

/** Something in the ledger changed from outside (resume, a pick, a callback, a worker's start): look at once. */
export const wake = defineSignal(WAKE_SIGNAL);
