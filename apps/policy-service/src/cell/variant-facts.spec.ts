import type { Variant } from '@weir/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownFamilies } from './known-families.ts';
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

  it('believe most devices, also against the one that came first, and forget what it said when it has left', () => {
    const { facts, accuracy } = variantFacts();
    facts.claim('liar', [variant(1)]);
    facts.claim('a', [variant(0.7)]);
    facts.claim('b', [variant(0.7)]);
    expect(accuracy()).toEqual([0.7]);
    facts.claim('another liar', [variant(1)]);
    facts.claim('c', [variant(0.7)]);
    expect(accuracy()).toEqual([0.7]);
    for (const deviceId of ['a', 'b', 'c', 'liar']) facts.withdraw(deviceId);
    facts.claim('d', [variant(0.7)]);
    facts.claim('e', [variant(0.7)]);
    facts.withdraw('another liar');
    expect(accuracy()).toEqual([0.7]);
  });

  it('keep no more names than are allowed: those that most devices claim', () => {
    const { facts } = variantFacts();
    const madeUp = Array.from({ length: 20 }, (_, at) => variant(0.9, `made-up-${at}`));
    facts.claim('liar', madeUp);
    for (const deviceId of ['a', 'b']) facts.claim(deviceId, [variant(0.7), variant(0.8, 'w')]);
    expect(facts.established(3).map(({ name }) => name)).toEqual(['made-up-0', 'v', 'w']);
  });

  describe('with known families', () => {
    const known = (accuracy: number, checksum: string, name = 'v') => ({
      ...variant(accuracy, name),
      checksum,
    });
    const setUp = () => {
      const told: DeviantClaim[] = [];
      const families = new KnownFamilies([
        { name: 'one', variants: [known(0.7, 'A'), known(0.8, 'W', 'w')] },
        { name: 'two', variants: [known(0.6, 'B')] },
      ]);
      return { facts: new VariantFacts((claim) => told.push(claim), families), told };
    };

    it('believe nobody else, however many say otherwise', () => {
      const { facts, told } = setUp();
      for (const deviceId of ['a', 'b', 'c']) facts.claim(deviceId, [known(1, 'A'), known(1, 'X', 'x')]);
      expect(facts.established()).toEqual([known(0.7, 'A')]);
      expect(told).toHaveLength(6);
      expect(told[1]).toEqual({ deviceId: 'a', claimed: known(1, 'X', 'x'), established: undefined });
    });

    it('know a variant without a checksum by its name where one family has it', () => {
      const { facts } = setUp();
      facts.claim('a', [variant(1), variant(1, 'w')]);
      expect(facts.established()).toEqual([known(0.8, 'W', 'w')]);
    });

    it('find a device with other models in conflict, though it is the first', () => {
      const { facts } = setUp();
      expect(facts.conflicting('a', [known(0.7, 'A'), known(0.8, 'W', 'w')])).toEqual([]);
      expect(facts.conflicting('a', [known(0.7, 'W'), known(0.8, 'X', 'w')])).toEqual(['v', 'w']);
    });
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
