import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';
import { readScenario } from '../scenario/scenario.ts';

const [first, second] = [readScenario('a-89'), readScenario('a-85')];
const half = { phase: 'experiment', done: 50, total: 100 } as const;

describe('pace', () => {
  it('foretells the rest by the work done, also within an experiment', () => {
    const clock = new FakeClock();
    const pace = new Pace([[first], [second]], { clock });
    clock.advance(10 * 60_000);
    pace.finished(first);
    expect(pace.share).toBeCloseTo(0.5, 9);
    expect(pace.remainingMs).toBeCloseTo(10 * 60_000, 3);
    pace.at(second, half);
    expect(pace.remainingMs!).toBeLessThan(4.5 * 60_000);
    pace.finished(second);
    expect(pace).toMatchObject({ share: 1, remainingMs: 0 });
  });

  it('counts the profiling of a cell once, and does not go back when it is profiled again', () => {
    const alone = new Pace([[first], [second]]);
    const together = new Pace([[first, second]]);
    for (const pace of [alone, together]) pace.finished(second);
    expect(together.share).toBeLessThan(alone.share);
    together.at(first, { ...half, phase: 'profiling', done: 100 });
    const before = together.share;
    together.at(first, { ...half, phase: 'profiling', done: 1 });
    expect(together.share).toBe(before);
  });

  it('foretells nothing from almost nothing', () => {
    const pace = new Pace([[first, second]]);
    expect(pace.remainingMs).toBeUndefined();
    pace.at(first, { ...half, done: 1 });
    expect(pace.remainingMs).toBeUndefined();
  });

  it('has nothing left where there is nothing to do', () => {
    expect(new Pace([])).toMatchObject({ share: 1, remainingMs: 0 });
  });
});
