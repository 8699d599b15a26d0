import { describe, expect, it } from 'vitest';
import { ShownDemand } from './shown-demand.ts';

/** What is believed of a device after ten seconds of so many answers a second. */
function mostAfter(perSecond: number): number {
  const demand = new ShownDemand();
  for (let ms = 0; ms < 10_000; ms += 1_000 / perSecond) demand.answered('a', ms);
  return demand.most('a', 10_000);
}

describe('shown demand', () => {
  it('is a few times what comes of the frames of a device', () => {
    for (const perSecond of [50, 500]) {
      expect(mostAfter(perSecond)).toBeGreaterThan(1.5 * perSecond);
      expect(mostAfter(perSecond)).toBeLessThan(3 * perSecond);
    }
  });

  it('is what a camera has where nothing has come yet, and again when nothing comes any more', () => {
    const demand = new ShownDemand();
    expect(demand.most('a', 0)).toBe(30);
    for (let at = 0; at < 1_000; at++) demand.answered('a', 0);
    expect(demand.most('a', 0)).toBe(300);
    expect(demand.most('a', 60_000)).toBe(30);
  });
});
