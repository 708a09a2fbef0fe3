import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectPrice, learnCharge, learnHold, type LearntPrices, type PriceCard } from '../../ledger/pricing.ts';

const credits = fc.double({ min: 0, max: 10_000, noNaN: true });
const cards: fc.Arbitrary<PriceCard> = fc.oneof(
  fc.constant({}),
  fc.record({ '720p': credits }),
  fc.record({ '720p': fc.record({ perStartedMs: fc.integer({ min: 100, max: 30_000 }), credits }) }),
);
const seen = fc.array(fc.oneof(fc.record({ hold: credits }), fc.record({ charge: credits })), { maxLength: 20 });

function learn(all: readonly ({ hold: number } | { charge: number })[]): LearntPrices {
  let learnt: LearntPrices = {};
  for (const one of all) {
    learnt = 'hold' in one ? learnHold(learnt, '720p', one.hold) : learnCharge(learnt, '720p', one.charge);
  }
  return learnt;
}

describe('the expected price', () => {
  it('is never below any charge that was seen, and low never above high', () => {
    fc.assert(
      fc.property(cards, seen, (card, all) => {
        const price = expectPrice(card, learn(all), '720p');
        const charges = all.flatMap((one) => ('charge' in one ? one.charge : []));
        expect(price.high).toBeGreaterThanOrEqual(Math.max(0, ...charges));
        expect(price.low).toBeLessThanOrEqual(price.high);
        expect(price.basis === 'unknown').toBe(card['720p'] === undefined && all.length === 0);
      }),
    );
  });

  it('does not depend on the order in which charges were seen, and is the same out of the ledger', () => {
    fc.assert(
      fc.property(cards, fc.array(credits, { maxLength: 12 }), (card, all) => {
        const learnt = learn(all.map((charge) => ({ charge })));
        const turned = learn(all.toReversed().map((charge) => ({ charge })));
        expect(expectPrice(card, turned, '720p')).toEqual(expectPrice(card, learnt, '720p'));
        expect(expectPrice(card, JSON.parse(JSON.stringify(learnt)) as LearntPrices, '720p')).toEqual(
          expectPrice(card, learnt, '720p'),
        );
      }),
    );
  });

  it('takes the card, then what was charged, then the hold, then nothing', () => {
    const learnt = learn([{ hold: 100 }, { charge: 12 }, { charge: 15 }]);
    expect(expectPrice({ '720p': 10 }, learnt, '720p')).toEqual({ high: 15, low: 10, basis: 'rate-card' });
    expect(expectPrice({}, learnt, '720p')).toEqual({ high: 15, low: 12, basis: 'learnt' });
    expect(expectPrice({}, learn([{ hold: 100 }]), '720p')).toEqual({ high: 100, low: 0, basis: 'hold' });
    expect(expectPrice({}, learnt, '480p')).toEqual({ high: 0, low: 0, basis: 'unknown' });
  });

  it('per started stretch: from the shortest to the longest source', () => {
    expect(expectPrice({ '720p': { perStartedMs: 5_000, credits: 10 } }, {}, '720p')).toEqual({
      high: 40,
      low: 10,
      basis: 'rate-card',
    });
  });
});
