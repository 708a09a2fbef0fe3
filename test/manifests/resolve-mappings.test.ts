import { describe, expect, it } from 'vitest';
import { resolveMappings, type AnalysedPeople } from '../../manifests/resolve-mappings.ts';
import type { Face, SwapRule } from '../../schemas/manifest-item.ts';

const face = (name: string): Face => ({
  name,
  url: `https://media.example.com/${name}.jpg`,
  consent: `C-${name}`,
  until: null,
});
const [ana, bo] = [face('ana'), face('bo')];
const people = (...numbers: number[]): AnalysedPeople => ({
  check: 'k7f3c',
  people: numbers.map((objId) => ({ objId, preview: `p${objId}.jpg` })),
});
const byNumber = (choices: Record<number, Face | null>): SwapRule => ({
  kind: 'by-number',
  people: Object.entries(choices).map(([n, choice]) => ({ objId: Number(n), face: choice })),
});
const resolve = (
  rule: SwapRule,
  analysis: AnalysedPeople,
  whenPeopleDiffer: 'wait' | 'fail' = 'wait',
  check: string | null = null,
) => resolveMappings(rule, analysis, { check, whenPeopleDiffer });

describe('the only person', () => {
  it('is mapped when there is exactly one, whatever its number', () => {
    expect(resolve({ kind: 'only', face: ana }, people(3))).toEqual({
      kind: 'mappings',
      mappings: [{ objId: 3, face: 'ana', url: ana.url, consent: 'C-ana', until: null }],
    });
  });
  it.each([
    ['wait', 'pick'],
    ['fail', 'fail'],
  ] as const)('else it is not guessed: %s', (differ, kind) => {
    expect(resolve({ kind: 'only', face: ana }, people(0, 1), differ)).toMatchObject({ kind, code: 'P202' });
  });
});

describe('by number', () => {
  it('maps those named, in order, and keeps the others', () => {
    const resolution = resolve(byNumber({ 2: bo, 0: ana, 1: null }), people(0, 1, 2, 3));
    expect(
      resolution.kind === 'mappings' && resolution.mappings.map((mapping) => [mapping.objId, mapping.face]),
    ).toEqual([
      [0, 'ana'],
      [2, 'bo'],
    ]);
  });
  it.each(['wait', 'fail'] as const)('a number that was not found: %s', (differ) => {
    expect(resolve(byNumber({ 0: ana, 4: null }), people(0, 1), differ)).toMatchObject({
      kind: differ === 'wait' ? 'pick' : 'fail',
      code: 'P203',
      message: expect.stringContaining('4') as string,
    });
  });
  it.each(['wait', 'fail'] as const)('another analysis than the one the numbers came from: %s', (differ) => {
    expect(resolve(byNumber({ 0: ana }), people(0), differ, 'other')).toMatchObject({
      kind: differ === 'wait' ? 'pick' : 'fail',
      code: 'P204',
    });
    expect(resolve(byNumber({ 0: ana }), people(0), differ, 'k7f3c').kind).toBe('mappings');
  });
  it('all keep is a skip, even where nobody was found', () => {
    expect(resolve(byNumber({ 0: null, 1: null }), people())).toEqual({ kind: 'skip' });
  });
});

describe('everyone', () => {
  it('is 1 to 5 people', () => {
    const five = resolve({ kind: 'all', face: ana }, people(4, 3, 2, 1, 0));
    expect(five.kind === 'mappings' && five.mappings.map((mapping) => mapping.objId)).toEqual([0, 1, 2, 3, 4]);
    expect(resolve({ kind: 'all', face: ana }, people(0, 1, 2, 3, 4, 5), 'wait')).toMatchObject({
      kind: 'fail',
      code: 'P205',
      next: expect.stringContaining('by number') as string,
    });
  });
});

it.each<SwapRule>([{ kind: 'only', face: ana }, { kind: 'all', face: ana }, { kind: 'pick' }, byNumber({ 0: ana })])(
  'nobody found: fails, says that nothing was charged: %j',
  (rule) => {
    expect(resolve(rule, people(), 'wait', 'other')).toMatchObject({
      kind: 'fail',
      code: 'P201',
      message: expect.stringContaining('nothing was charged') as string,
    });
  },
);
it('by eye waits, skip skips', () => {
  expect(resolve({ kind: 'pick' }, people(0))).toMatchObject({ kind: 'pick', code: 'P200' });
  expect(resolve({ kind: 'skip' }, people())).toEqual({ kind: 'skip' });
});
