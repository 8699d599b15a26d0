import { describe, expect, it } from 'vitest';
import { type Looks, lookCurvesOf, looksSchema } from './curves-schema.ts';

const step = (marginBelow: number, share: number, gain: number) => ({
  marginBelow,
  share,
  gain,
  standardError: 0.01,
});
const curve = { first: 'small', second: 'large', steps: [step(0.2, 0.1, 0.05), step(0.6, 0.4, 0.1)] };
const looks = (...curves: Looks['curves']): Looks => ({ pictures: 1_000, curves });

describe('looksSchema', () => {
  it('takes curves that rise and are concave', () => {
    expect(looksSchema.parse(looks(curve))).toEqual(looks(curve));
    expect(looksSchema.parse(looks())).toEqual(looks());
    const steps = curve.steps.map((each) => ({ ...each, changed: each.share }));
    const counted = looks({ ...curve, steps, changed: 0.5 });
    expect(looksSchema.parse(counted)).toEqual(counted);
  });

  it.each([
    ['a second look by the first variant', [{ ...curve, second: 'small' }], /another variant/],
    ['two curves for a pair', [curve, curve], /two curves/],
    ['no steps', [{ ...curve, steps: [] }], /steps/],
    ['a margin that falls', [{ ...curve, steps: [step(0.6, 0.1, 0.05), step(0.2, 0.4, 0.1)] }], /must rise/],
    ['a share that falls', [{ ...curve, steps: [step(0.2, 0.4, 0.05), step(0.6, 0.1, 0.1)] }], /must rise/],
    ['a gain that falls', [{ ...curve, steps: [step(0.2, 0.1, 0.05), step(0.6, 0.4, 0.04)] }], /must rise/],
    [
      'a gain per share that rises',
      [{ ...curve, steps: [step(0.2, 0.1, 0.01), step(0.6, 0.4, 0.1)] }],
      /per share/,
    ],
    [
      'a gain without a change',
      [{ ...curve, steps: [{ ...step(0.2, 0.1, 0.05), changed: 0.04 }] }],
      /changed/,
    ],
    [
      'more changes than looks',
      [{ ...curve, steps: [{ ...step(0.2, 0.1, 0.05), changed: 0.2 }] }],
      /changed/,
    ],
    [
      'fewer changes in all than below a threshold',
      [{ ...curve, changed: 0.05, steps: [{ ...step(0.2, 0.1, 0.05), changed: 0.06 }] }],
      /changed/,
    ],
    ['a share above 1', [{ ...curve, steps: [step(0.2, 1.1, 0.05)] }], /share/],
    ['a gain of nothing', [{ ...curve, steps: [step(0.2, 0.1, 0)] }], /gain/],
  ])('refuses %s', (_, curves, reason) => {
    expect(() => looksSchema.parse(looks(...curves))).toThrow(reason);
  });
});

describe('lookCurvesOf', () => {
  const names = ['small', 'large'];
  const version = (read: Looks) => lookCurvesOf(read, names).version;

  it('changes its version with any figure, and with nothing else', () => {
    const changed = { ...curve, steps: [curve.steps[0]!, step(0.6, 0.4, 0.1001)] };
    const written = JSON.parse(JSON.stringify(looks(curve), null, 4)) as unknown;
    expect(version(looksSchema.parse(written))).toBe(version(looks(curve)));
    const versions = [looks(curve), looks(changed), { ...looks(curve), pictures: 1_001 }, looks()].map(
      version,
    );
    expect(new Set(versions).size).toBe(4);
  });

  it('leaves out curves of variants that are not there any more', () => {
    const other = { ...curve, second: 'gone' };
    expect(lookCurvesOf(looks(curve, other), names)).toEqual(lookCurvesOf(looks(curve), names));
  });
});
