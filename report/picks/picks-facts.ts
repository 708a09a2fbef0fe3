/** What a contact sheet shows. Pictures are data URIs, so that the page needs nothing but itself. */
export interface PicksFacts {
  readonly batch: string;
  readonly project: string | null;
  readonly operator: string;
  readonly generatedAtMs: number;
  readonly items: readonly PickItem[];
  readonly faces: readonly PickFace[];
  /** A face without a consent may not be used. */
  readonly consentRequired: boolean;
  /** Choices for one task at most. */
  readonly most: number;
}

export interface PickItem {
  readonly id: string;
  readonly note: string | null;
  /** Where the video lies, less what signs it; for people, never loaded. */
  readonly video: string;
  readonly why: string;
  /** The analysis the numbers come from. */
  readonly check: string;
  readonly people: readonly PickPerson[];
}

export interface PickPerson {
  readonly person: number;
  readonly preview: string | null;
  /** Name of a face, or `keep`; from the row's own numbers or an earlier decision, never from comparing faces. */
  readonly suggestion: string;
  /** Chosen in an earlier picks file of this batch, on this analysis. */
  readonly face: string;
}

export interface PickFace {
  readonly name: string;
  readonly picture: string | null;
  readonly consent: ConsentState;
  /** `valid until 2027-03-31`, `no consent`. */
  readonly consentText: string;
}

export type ConsentState = 'valid' | 'expires' | 'ended' | 'missing';

/** One line of `id,person,preview,suggestion,face,check` per person. */
export function pickRows(facts: Pick<PicksFacts, 'items'>): string[][] {
  return facts.items.flatMap((item) =>
    item.people.map((person) => [
      item.id,
      String(person.person),
      person.preview === null ? '' : 'picks.html',
      person.suggestion,
      person.face,
      item.check,
    ]),
  );
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

/** How the consent for a face stands on a day. Pure. */
export function consentOf(
  face: { readonly consent: string | null; readonly until: string | null },
  nowMs: number,
): Pick<PickFace, 'consent' | 'consentText'> {
  if (face.consent === null || face.consent === '') return { consent: 'missing', consentText: 'no consent on record' };
  if (face.until === null) return { consent: 'valid', consentText: `consent ${face.consent}` };
  const today = new Date(nowMs).toISOString().slice(0, 10);
  if (face.until < today) return { consent: 'ended', consentText: `consent ended ${face.until}` };
  const soon = new Date(nowMs + SOON_DAYS * DAY_MS).toISOString().slice(0, 10);
  return { consent: face.until <= soon ? 'expires' : 'valid', consentText: `consent until ${face.until}` };
}
