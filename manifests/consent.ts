import type { Face } from '../schemas/manifest-item.ts';
import type { Requirement } from '../schemas/requirement.ts';
import type { ValueFault } from './fault.ts';

/** Why a face may not be used under `require: [consent]`: no consent on record, or past its last day. `today` is `YYYY-MM-DD`. */
export function consentFault(face: Face, require: readonly Requirement[], today: string): ValueFault | null {
  if (!require.includes('consent')) return null;
  if (face.consent === null || face.consent.trim() === '')
    return {
      code: 'M126',
      message: `the face "${face.name}" has no consent, and headswap.yaml requires one`,
      help: face.name.includes('/')
        ? 'define the face with a consent (faces: or faces.csv) and name it instead of the URL'
        : 'add its consent to faces: or faces.csv',
    };
  if (face.until !== null && face.until < today)
    return {
      code: 'M127',
      message: `the consent ${face.consent} for "${face.name}" ended on ${face.until}`,
      help: 'use another face, or correct `until` once the consent is renewed',
    };
  return null;
}
