import { describe, expect, it } from 'vitest';
import {
  duration,
  figure,
  instant,
  interval,
  listed,
  ms,
  msWithInterval,
  percent,
  percentWithInterval,
  signedPercent,
  signedPercentWithInterval,
  watched,
  whole,
  wholePercent,
} from './format.ts';

describe('figures for people', () => {
  it('have as many decimals as say something', () => {
    expect([0, 0.254, 5.04, 12.34, 99.96, 271.4].map(figure)).toEqual([
      '0',
      '0.25',
      '5.0',
      '12.3',
      '100',
      '271',
    ]);
    expect(whole(100_000)).toBe('100\u202f000');
    expect(figure(-12.34)).toBe('−12.3');
  });

  it('carry their units after a no-break space', () => {
    expect(ms(271.4)).toBe('271\u00a0ms');
    expect(percent(0.8615)).toBe('86.2\u00a0%');
    expect(wholePercent(0.6)).toBe('60\u00a0%');
  });

  it('have a sign where they are differences, and none where they round to nothing', () => {
    expect([1.23, -1.23, 0.01, -0.01].map(signedPercent)).toEqual([
      '+1.2\u00a0%',
      '−1.2\u00a0%',
      '0.0\u00a0%',
      '0.0\u00a0%',
    ]);
  });

  it('are a dash where they are missing', () => {
    expect([ms(null), percent(NaN), signedPercent(undefined), duration(NaN)]).toEqual(['–', '–', '–', '–']);
    expect(msWithInterval({ mean: NaN, low: NaN, high: NaN })).toBe('–');
  });

  it('stand with their intervals', () => {
    expect(msWithInterval({ mean: 271, low: 268, high: 274 })).toBe('271\u00a0ms (268–274)');
    expect(percentWithInterval({ mean: 0.86, low: 0.85, high: 0.87 })).toBe('86.0\u00a0% (85.0–87.0)');
    expect(interval({ low: -0.4, high: 1.2 })).toBe('−0.4 to 1.2');
    expect(signedPercentWithInterval(0.5, { low: -0.4, high: 1.2 })).toBe('+0.5\u00a0% (−0.4 to 1.2)');
    expect(signedPercentWithInterval(0.5, null)).toBe('+0.5\u00a0%');
    expect(signedPercentWithInterval(NaN, { low: 0, high: 0 })).toBe('–');
  });

  it('tell how often the floor was broken, and a dash where nobody watched', () => {
    expect(watched({ frames: 200, floorViolations: 3 })).toBe('3 of 200');
    expect(watched(null)).toBe('–');
  });

  it('tell durations and instants', () => {
    expect([40, 540, 6_750].map(duration)).toEqual(['40\u00a0s', '9\u00a0min', '1\u00a0h\u00a053\u00a0min']);
    expect(instant('2026-01-02T03:04:05.678Z')).toBe('2026-01-02 03:04 UTC');
    expect(instant('yesterday')).toBe('yesterday');
  });

  it('list words', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual(['', 'a', 'a and b', 'a, b and c']);
  });
});
