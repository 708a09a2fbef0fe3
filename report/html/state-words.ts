import type { ItemState } from '../../schemas/states.ts';

/** States in words; colour only repeats them. `tone` is one of the page's colours. */
export type Tone = 'good' | 'bad' | 'wait' | 'unsure' | 'open' | 'quiet';

export const STATE_WORDS: Readonly<Record<ItemState, { readonly word: string; readonly tone: Tone }>> = {
  pending: { word: 'not started', tone: 'open' },
  analyzing: { word: 'being analysed', tone: 'open' },
  'needs-pick': { word: 'needs a pick', tone: 'wait' },
  ready: { word: 'ready', tone: 'open' },
  submitting: { word: 'being sent', tone: 'open' },
  uncertain: { word: 'uncertain', tone: 'unsure' },
  queued: { word: 'queued', tone: 'open' },
  processing: { word: 'processing', tone: 'open' },
  collecting: { word: 'being collected', tone: 'open' },
  done: { word: 'done', tone: 'good' },
  failed: { word: 'failed', tone: 'bad' },
  skipped: { word: 'skipped', tone: 'quiet' },
  cancelled: { word: 'cancelled', tone: 'quiet' },
};
