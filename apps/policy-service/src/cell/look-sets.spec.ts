import type { LookCurves } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { KnownFamilies } from './known-families.ts';
import { LookSets } from './look-sets.ts';

const looks = (version: string, gain = 0.02): LookCurves => ({
  version,
  pictures: 1_000,
  curves: [
    {
      first: 'small',
      second: 'large',
      steps: [{ marginBelow: 0.3, share: 0.2, gain, standardError: 0.001 }],
    },
  ],
});

describe('LookSets', () => {
  it('take for the cell what most devices bring', () => {
    const sets = new LookSets();
    expect(sets.established()).toBeUndefined();
    sets.claim('a', looks('old'));
    sets.claim('b', looks('old'));
    sets.claim('c', looks('new'));
    sets.claim('d', undefined);
    expect(sets.established()).toEqual(looks('old'));
    sets.withdraw('a');
    sets.claim('b', looks('new'));
    expect(sets.established()).toEqual(looks('new'));
  });

  it('take of two that as many bring the one that appeared first, whoever joins again', () => {
    const sets = new LookSets();
    sets.claim('a', looks('old'));
    sets.claim('liar', looks('new'));
    expect(sets.established()).toEqual(looks('old'));
    sets.claim('liar', looks('newer'));
    sets.claim('a', looks('old'));
    expect(sets.established()).toEqual(looks('old'));
  });

  it('take what the known families say of a version, and no other version', () => {
    const sets = new LookSets(new KnownFamilies([{ name: 'f', variants: [], looks: looks('v') }]));
    expect(sets.claim('liar', looks('made up'))).toBeUndefined();
    expect(sets.claim('liar', looks('v', 0.9))).toEqual(looks('v'));
    expect(sets.established()).toEqual(looks('v'));
  });

  it('forget what a device no longer brings', () => {
    const sets = new LookSets();
    sets.claim('a', looks('old'));
    sets.claim('a', undefined);
    expect(sets.established()).toBeUndefined();
  });

  it('let no device spoil a set of others by its name', () => {
    const sets = new LookSets();
    sets.claim('a', looks('v'));
    sets.claim('b', looks('v'));
    sets.claim('liar', looks('v', 0.9));
    expect(sets.established()).toEqual(looks('v'));
  });

  it('hold a set once, however many bring it', () => {
    const sets = new LookSets();
    expect(sets.claim('a', looks('v'))).toBe(sets.claim('b', looks('v')));
  });
});
