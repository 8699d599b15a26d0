import { describe, expect, it } from 'vitest';
import { EnergyMeans } from './energy.ts';

describe('energy of an inference', () => {
  it('is the mean of what was metered, which follows a change', () => {
    const energy = new EnergyMeans();
    energy.observe('edge', 'v', 2, 'a');
    expect(energy.of('edge', 'v')).toBe(2);
    energy.observe('edge', 'v', 4, 'a');
    expect(energy.of('edge', 'v')).toBeCloseTo(2.1);
    for (let i = 0; i < 200; i++) energy.observe('edge', 'v', 4, 'a');
    expect(energy.of('edge', 'v')).toBeCloseTo(4, 2);
  });

  it.each([0, -1, NaN, Infinity, 1e9])('leaves out what no meter says: %s J', (joules) => {
    const energy = new EnergyMeans();
    energy.observe('edge', 'v', joules, 'a');
    expect(energy.of('edge', 'v')).toBe(0);
  });

  it('is moved by one absurd value no further than by ten times the mean', () => {
    const energy = new EnergyMeans();
    energy.observe('edge', 'v', 1, 'a');
    energy.observe('edge', 'v', 9_999, 'a');
    expect(energy.of('edge', 'v')).toBeCloseTo(1.45);
  });

  it('of a node that several use is the median of their means', () => {
    const energy = new EnergyMeans();
    for (const [device, joules] of Object.entries({ a: 1, b: 1.2, liar: 5_000 }))
      energy.observe('edge', 'v', joules, device);
    expect(energy.of('edge', 'v')).toBe(1.2);
  });
});
