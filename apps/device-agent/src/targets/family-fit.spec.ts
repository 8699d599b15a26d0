import type { Variant } from '@weir/domain';
import type { Listing } from '@weir/wire';
import { describe, expect, it } from 'vitest';
import { familyFault, fitOf } from './family-fit.ts';

const own = {
  name: 'garments',
  version: '1111',
  labels: ['shirt', 'shoe'],
  checksums: new Map([
    ['small', 'S'],
    ['large', 'L'],
  ]),
};
const variant = (name: string, checksum?: string): Variant => ({
  name,
  macs: 1,
  precision: 'int8',
  accuracy: 0.5,
  ...(checksum !== undefined && { checksum }),
});
const listing = (variants: readonly Variant[], more: Partial<Listing> = {}): Listing => ({
  variants,
  labels: own.labels,
  family: { name: 'garments', version: '2222' },
  ...more,
});
const fit = (variants: readonly Variant[], more: Partial<Listing> = {}, known: readonly Variant[] = []) =>
  fitOf(own, new Map(known.map((each) => [each.name, each])), listing(variants, more));
const foreign = (...args: Parameters<typeof fit>) => [...fit(...args).foreign];

describe('fitOf', () => {
  it('takes a variant of the same checksum, whatever its family is called', () => {
    expect(foreign([variant('small', 'S')], { family: { name: 'other', version: '3' } })).toEqual([]);
  });

  it('takes a variant of another checksum for another variant, and the others as they are', () => {
    const { foreign: names, nothingFits } = fit([variant('small', 'X'), variant('large', 'L')]);
    expect([[...names], nothingFits]).toEqual([['small'], false]);
    expect(fit([variant('small', 'X'), variant('large', 'X')]).nothingFits).toBe(true);
  });

  it('goes on with a worker that tells no checksums, unless its labels are others', () => {
    const old = { family: undefined } as unknown as Partial<Listing>;
    expect(foreign([variant('small')], old)).toEqual([]);
    expect(foreign([variant('small')], { ...old, labels: [] })).toEqual([]);
    expect(foreign([variant('small')], { ...old, labels: ['shoe', 'shirt'] })).toEqual(['small']);
  });

  it('takes what the own family lacks only of a family of its name and labels', () => {
    const more = [variant('huge', 'H')];
    expect(foreign(more)).toEqual([]);
    expect(foreign(more, { family: { name: 'digits', version: '1' } })).toEqual(['huge']);
    expect(foreign(more, { labels: ['0', '1'] })).toEqual(['huge']);
  });

  it('takes what the own family lacks only as the first worker had it', () => {
    expect(foreign([variant('huge', 'X')], {}, [variant('huge', 'H')])).toEqual(['huge']);
    expect(foreign([variant('huge', 'H')], {}, [variant('huge', 'H')])).toEqual([]);
    expect(foreign([variant('huge', 'X')], {}, [variant('huge')])).toEqual([]);
  });

  it('finds no fault with a worker that lists nothing', () => {
    expect(fit([]).nothingFits).toBe(false);
  });
});

describe('familyFault', () => {
  const fault = (variants: readonly Variant[], more: Partial<Listing> = {}) =>
    familyFault('edge-1', own, fit(variants, more));

  it('names both sides and the cure', () => {
    expect(fault([variant('small', 'X')])).toBe(
      'target edge-1 gets no frames: its worker serves garments (version 2222), and this device knows garments (version 1111); start both with one model family (--models)',
    );
  });

  it('names the variants where others fit', () => {
    expect(fault([variant('small', 'X'), variant('large', 'L')])).toMatch(
      /^target edge-1 gets no frames for small: .*garments \(version 2222\).*garments \(version 1111\)/,
    );
  });

  it('is none where all fit, of another version too', () => {
    expect(fault([variant('small', 'S')])).toBe('');
  });
});
