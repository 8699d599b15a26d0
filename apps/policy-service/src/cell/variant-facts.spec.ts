import type { Variant } from '@weir/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeviantClaim, VariantFacts } from './variant-facts.ts';

const variant = (accuracy: number, name = 'v'): Variant => ({ name, macs: 1e6, precision: 'int8', accuracy });

function variantFacts() {
  const told: DeviantClaim[] = [];
  const facts = new VariantFacts((claim) => told.push(claim));
  const accuracy = () => facts.established().map((fact) => fact.accuracy);
  return { facts, told, accuracy };
}

describe('VariantFacts', () => {
  it('let nobody redefine a variant for others, and tell a deviant claim once', () => {
    const { facts, told, accuracy } = variantFacts();
    facts.claim('a', [variant(0.7)]);
    facts.claim('liar', [variant(1)]);
    facts.claim('liar', [variant(1)]);
    expect(accuracy()).toEqual([0.7]);
    expect(told).toEqual([{ deviceId: 'liar', claimed: variant(1), established: variant(0.7) }]);
  });

  it.each([
    ['MACs', { ...variant(0.7), macs: 1 }],
    ['precision', { ...variant(0.7), precision: 'fp32' as const }],
  ])('keep %s as well as accuracy', (_what, claimed) => {
    const { facts } = variantFacts();
    facts.claim('a', [variant(0.7)]);
    facts.claim('b', [claimed]);
    expect(facts.established()).toEqual([variant(0.7)]);
  });

  it('keep what was first claimed while anybody claims it, and then move on with the fleet', () => {
    const { facts, accuracy } = variantFacts();
    facts.claim('a', [variant(0.7)]);
    facts.claim('b', [variant(0.8)]);
    facts.claim('c', [variant(0.7)]);
    facts.withdraw('a');
    expect(accuracy()).toEqual([0.7]);
    facts.claim('c', [variant(0.8)]);
    expect(accuracy()).toEqual([0.8]);
    facts.withdraw('b');
    facts.withdraw('c');
    expect(accuracy()).toEqual([]);
  });

  it('do not let a device that was first come back with something else', () => {
    const { facts, accuracy } = variantFacts();
    facts.claim('a', [variant(0.7)]);
    facts.claim('b', [variant(0.7)]);
    facts.claim('a', [variant(1)]);
    expect(accuracy()).toEqual([0.7]);
  });

  it('take the less accurate of claims that were stored without a rank', () => {
    const { facts, accuracy } = variantFacts();
    facts.claim('a', [variant(0.9)], {});
    facts.claim('b', [variant(0.8)], {});
    expect(accuracy()).toEqual([0.8]);
  });

  it.each([
    ['with', 'without'],
    ['without', 'with'],
  ])(
    'count a claim as old as the oldest device that makes it, stored %s a rank before one %s',
    (...order) => {
      const { facts, accuracy } = variantFacts();
      facts.claim('other', [variant(0.8)], { v: 1 });
      for (const rank of order) facts.claim(rank, [variant(0.9)], rank === 'with' ? { v: 2 } : {});
      expect(accuracy()).toEqual([0.9]);
    },
  );

  describe('with checksums', () => {
    const summed = (checksum?: string, accuracy = 0.7): Variant => ({
      ...variant(accuracy),
      ...(checksum !== undefined && { checksum }),
    });

    it('find a conflict where others mean another model by the name, and only there', () => {
      const { facts } = variantFacts();
      facts.claim('a', [summed('A')]);
      facts.claim('old', [summed()]);
      expect(facts.conflicting('b', [summed('A'), variant(0.5, 'w')])).toEqual([]);
      expect(facts.conflicting('b', [summed('B')])).toEqual(['v']);
      expect(facts.conflicting('b', [summed()])).toEqual([]);
      // Nobody is in conflict with what it said itself before.
      expect(facts.conflicting('a', [summed('B')])).toEqual([]);
      facts.claim('c', [summed('A')]);
      expect(facts.conflicting('a', [summed('B')])).toEqual(['v']);
    });

    it('tell nobody who says the same without a checksum', () => {
      const { facts, told } = variantFacts();
      facts.claim('old', [summed()]);
      facts.claim('a', [summed('A')]);
      expect(told).toEqual([]);
      facts.claim('b', [summed('A', 0.9)]);
      expect(told).toHaveLength(1);
    });
  });

  it('hold the same true after a restart, whatever the order of the stored devices, and ever after', () => {
    const device = fc.constantFrom('a', 'b', 'c', 'd');
    const claims = fc.uniqueArray(fc.tuple(fc.constantFrom('v', 'w'), fc.constantFrom(0.1, 0.5, 1)), {
      selector: ([name]) => name,
    });
    const event = fc.tuple(device, fc.option(claims));
    const apply = (facts: VariantFacts, [deviceId, claimed]: [string, [string, number][] | null]) =>
      claimed
        ? facts.claim(
            deviceId,
            claimed.map(([name, accuracy]) => variant(accuracy, name)),
          )
        : facts.withdraw(deviceId);
    fc.assert(
      fc.property(
        fc.array(event),
        fc.array(event),
        fc.shuffledSubarray(['a', 'b', 'c', 'd'], { minLength: 4 }),
        (before, after, order) => {
          const { facts } = variantFacts();
          const last = new Map<string, Variant[]>();
          for (const each of before) {
            apply(facts, each);
            const [deviceId, claimed] = each;
            if (claimed)
              last.set(
                deviceId,
                claimed.map(([name, accuracy]) => variant(accuracy, name)),
              );
            else last.delete(deviceId);
          }
          const { facts: restarted } = variantFacts();
          for (const deviceId of order)
            if (last.has(deviceId)) restarted.claim(deviceId, last.get(deviceId)!, facts.ranksOf(deviceId));
          expect(restarted.established()).toEqual(facts.established());
          for (const each of after) {
            apply(facts, each);
            apply(restarted, each);
            expect(restarted.established()).toEqual(facts.established());
          }
        },
      ),
    );
  });
});
