import { describe, expect, it } from 'vitest';
import { alarms, delays, type Stream, watched } from './change-detector.fixture.ts';

/** Outcomes to an alarm that nine of ten runs need. */
const delay = (factor: number, stream: Omit<Stream, 'seed'>) => delays(factor, stream, 20)[18]!;

describe('change detector', () => {
  it.each([
    ['normal noise', {}],
    ['noise of 20 %', { noise: 0.2 }],
    ['2 % outliers', { outliers: 0.02 }],
    ['5 % outliers', { outliers: 0.05 }],
    ['2 % outliers in bursts of two', { outliers: 0.02, burst: 2 }],
  ])('calls at most one change in 10,000 outcomes without one: %s', (_, stream) => {
    const total = [1, 2, 3].reduce((sum, seed) => sum + alarms({ ...stream, seed }, 10_000), 0);
    expect(total).toBeLessThanOrEqual(3);
  });

  it.each([1.1, 0.9])('finds a change to %f times within 50 outcomes', (factor) => {
    expect(delay(factor, { noise: 0.06 })).toBeLessThanOrEqual(50);
    expect(delay(factor, { noise: 0.06, outliers: 0.03 })).toBeLessThanOrEqual(50);
  });

  it('finds twice or half the time within five outcomes', () => {
    expect(delay(2, { noise: 0.06, outliers: 0.03 })).toBeLessThanOrEqual(5);
    expect(delay(0.5, { noise: 0.06, outliers: 0.03 })).toBeLessThanOrEqual(5);
  });

  it('asks more of one reporter alone where others report too, and calls it in the end', () => {
    const { observe } = watched({ seed: 8 });
    for (let i = 0; i < 100; i++) observe(1, `device-${i % 3}`);
    const calls = Array.from({ length: 60 }, () => observe(1.5, 'device-0'));
    const alone = watched({ seed: 8 });
    for (let i = 0; i < 100; i++) alone.observe(1, 'device-0');
    const callsAlone = Array.from({ length: 60 }, () => alone.observe(1.5, 'device-0'));
    expect(callsAlone.indexOf(true)).toBeGreaterThanOrEqual(0);
    expect(calls.indexOf(true)).toBeGreaterThan(2 * callsAlone.indexOf(true));
  });

  it('believes no lone reporter that others contradict, and two that agree', () => {
    const lied = watched({ seed: 7 });
    for (let i = 0; i < 100; i++) lied.observe(1, `device-${i % 3}`);
    let called = false;
    for (let i = 0; i < 300; i++) {
      called ||= lied.observe(i % 3 === 0 ? 3 : 1, `device-${i % 3}`);
    }
    expect(called).toBe(false);
    expect(lied.block.weights.mean[0]).toBeGreaterThan(90);
    expect(lied.block.weights.mean[0]).toBeLessThan(115);

    const told = watched({ seed: 7 });
    for (let i = 0; i < 100; i++) told.observe(1, `device-${i % 3}`);
    for (let i = 0; i < 30; i++) told.observe(i % 3 === 0 ? 1 : 3, `device-${i % 3}`);
    expect(told.block.weights.mean[0]).toBeGreaterThan(250);
  });
});
