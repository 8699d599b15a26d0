import { Violations } from '@weir/base';
import type { LookCurves } from '@weir/domain';
import type { common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { lookCurvesFromWire, lookCurvesToWire } from './look-curves.ts';

const steps = [
  { marginBelow: 0.2, share: 0.1, gain: 0.02, standardError: 0.001 },
  { marginBelow: 0.6, share: 0.3, gain: 0.04, standardError: 0.002 },
];
const looks: LookCurves = {
  version: 'v1',
  pictures: 10_000,
  curves: [
    { first: 'small', second: 'large', steps },
    { first: 'small', second: 'medium', steps },
  ],
};

function received(spoil: (wire: common.LookCurves) => void) {
  const wire = lookCurvesToWire(looks);
  spoil(wire);
  const told = new Violations();
  const value = lookCurvesFromWire(wire, 'looks', told);
  return { value, told: told.found.map(({ field }) => field) };
}

describe('look curves', () => {
  it('come back as they were sent', () => {
    expect(received(() => {})).toEqual({ value: looks, told: [] });
    expect(lookCurvesFromWire(undefined, 'looks', new Violations())).toBeUndefined();
  });

  it.each<[string, string, (wire: common.LookCurves) => void]>([
    ['without a name', 'version', (wire) => (wire.version = '')],
    ['with a name without end', 'version', (wire) => (wire.version = 'x'.repeat(129))],
    ['of no pictures', 'pictures', (wire) => (wire.pictures = 0)],
  ])('%s are left out as a whole', (_what, field, spoil) => {
    expect(received(spoil)).toEqual({ value: undefined, told: [`looks.${field}`] });
  });

  it.each<[string, string, (curve: common.LookCurve) => void]>([
    ['without a first variant', '.first', (curve) => (curve.first = '')],
    ['without a second variant', '.second', (curve) => (curve.second = '')],
    ['of one variant', '.second', (curve) => (curve.second = curve.first)],
    ['without steps', '.steps', (curve) => (curve.steps = [])],
    ['with a threshold of nothing', '.steps[0].margin_below', (curve) => (curve.steps[0]!.marginBelow = 0)],
    [
      'with a share of nothing',
      '.steps[0].share',
      (curve) => Object.assign(curve.steps[0]!, { share: 0, gain: 1e-9 }),
    ],
    ['that gains more than its share', '.steps[0].gain', (curve) => (curve.steps[0]!.share = 0.01)],
    ['with a loss', '.steps[0].gain', (curve) => (curve.steps[0]!.gain = -0.01)],
    [
      'with an error without end',
      '.steps[0].standard_error',
      (curve) => (curve.steps[0]!.standardError = Infinity),
    ],
    ['with a margin that falls', '.steps[1]', (curve) => (curve.steps[1]!.marginBelow = 0.1)],
    ['with a share that stays', '.steps[1]', (curve) => (curve.steps[1]!.share = 0.1)],
    ['with a gain that falls', '.steps[1]', (curve) => (curve.steps[1]!.gain = 0.01)],
  ])('one %s is left out, and only that', (_what, field, spoil) => {
    const { value, told } = received((wire) => spoil(wire.curves[0]!));
    expect(told).toEqual([`looks.curves[0]${field}`]);
    expect(value).toEqual({ ...looks, curves: looks.curves.slice(1) });
  });

  it.each([['share'], ['gain']] as const)('one with a %s that is no fraction is left out', (field) => {
    for (const figure of [1.1, NaN]) {
      const { value, told } = received((wire) => (wire.curves[0]!.steps[1]![field] = figure));
      expect(told[0]).toBe(`looks.curves[0].steps[1].${field}`);
      expect(value!.curves).toEqual(looks.curves.slice(1));
    }
  });

  it('one of more steps than there can be is left out', () => {
    const rising = Array.from({ length: limits.lookSteps + 1 }, (_, at) => ({
      marginBelow: (at + 1) / 30,
      share: (at + 1) / 30,
      gain: (at + 1) / 900,
      standardError: 0,
    }));
    expect(received((wire) => (wire.curves[0]!.steps = rising))).toEqual({
      value: { ...looks, curves: looks.curves.slice(1) },
      told: ['looks.curves[0].steps'],
    });
    expect(received((wire) => (wire.curves[0]!.steps = rising.slice(1))).told).toEqual([]);
  });

  it('count the first of two of one pair, and no more than there may be', () => {
    const twice = received((wire) => (wire.curves[1]!.second = 'large'));
    expect(twice).toEqual({ value: { ...looks, curves: looks.curves.slice(0, 1) }, told: ['looks.curves'] });
    const many = received(
      (wire) =>
        (wire.curves = Array.from({ length: limits.lookCurves + 1 }, (_, at) => ({
          ...wire.curves[0]!,
          second: `other ${at}`,
        }))),
    );
    expect(many.told).toEqual(['looks.curves']);
    expect(many.value!.curves).toHaveLength(limits.lookCurves);
  });
});
