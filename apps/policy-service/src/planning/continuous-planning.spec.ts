import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { ContinuousPlanning } from './continuous-planning.ts';

function planning({ needed = true, takesMs = 0, outcomePauseMs = (): number => 0 } = {}) {
  const clock = new FakeClock();
  /** Instants of the plans made. */
  const plans: number[] = [];
  const continuous = new ContinuousPlanning({
    clock,
    times: { replanMs: 1_000, leastReplanMs: 100 },
    needed: () => needed,
    outcomePauseMs,
    plan() {
      continuous.begun();
      plans.push(clock.now());
      if (takesMs === 0) continuous.ended(0);
      else clock.after(takesMs, () => continuous.ended(takesMs));
    },
  });
  return { clock, continuous, plans };
}

describe('ContinuousPlanning', () => {
  it('plans regularly', () => {
    const { clock, plans } = planning();
    clock.advance(2_500);
    expect(plans).toEqual([1_000, 2_000]);
  });

  it('plans twice in the pause that devices leave between outcomes, where that is longer', () => {
    let pauseMs = 4_000;
    const { clock, plans } = planning({ outcomePauseMs: () => pauseMs });
    clock.advance(6_000);
    expect(plans).toEqual([1_000, 3_000, 5_000]);
    pauseMs = 2_000;
    clock.advance(2_000);
    expect(plans.slice(3)).toEqual([7_000, 8_000]);
  });

  it('plans only what is asked for while regular plans are of no use', () => {
    const { clock, continuous, plans } = planning({ needed: false });
    clock.advance(2_500);
    continuous.request();
    clock.advance(0);
    expect(plans).toEqual([2_500]);
  });

  it('plans once for all that comes at the same time, and later for what comes soon after', () => {
    const { clock, continuous, plans } = planning();
    for (let change = 0; change < 3; change++) continuous.request();
    clock.advance(50);
    continuous.request();
    clock.advance(200);
    expect(plans).toEqual([0, 100]);
  });

  it('takes a plan made meanwhile for the one that was requested', () => {
    const { clock, continuous, plans } = planning();
    continuous.request();
    continuous.begun();
    continuous.ended(0);
    clock.advance(500);
    expect(plans).toEqual([]);
  });

  it('waits for a plan that takes long, and for twice as long after it', () => {
    const { clock, continuous, plans } = planning({ takesMs: 200 });
    continuous.request();
    clock.advance(50);
    continuous.request();
    clock.advance(900);
    expect(plans).toEqual([0, 600]);
  });

  it('skips a regular plan while another one is under way', () => {
    const { clock, plans } = planning({ takesMs: 1_500 });
    clock.advance(3_500);
    expect(plans).toEqual([1_000, 3_000]);
  });

  it('stands still while paused, and plans for whatever has changed afterwards', () => {
    const { clock, continuous, plans } = planning();
    continuous.request();
    continuous.pause();
    continuous.request();
    clock.advance(2_500);
    expect(plans).toEqual([]);
    continuous.resume();
    clock.advance(500);
    expect(plans).toEqual([2_500, 3_000]);
  });

  it('plans no more once disposed', () => {
    const { clock, continuous, plans } = planning();
    continuous.request();
    continuous[Symbol.dispose]();
    clock.advance(2_500);
    expect(plans).toEqual([]);
  });
});
