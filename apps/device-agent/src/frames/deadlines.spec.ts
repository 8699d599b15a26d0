import { type Clock, FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { Deadlines } from './deadlines.ts';

/** Deadlines at these times from 1,000 ms on, and when each called back. */
function deadlinesAt(...times: number[]) {
  const clock = new FakeClock(1_000);
  let timers = 0;
  const counting: Clock = {
    now: () => clock.now(),
    after(delayMs, callback) {
      timers++;
      return clock.after(delayMs, callback);
    },
    every: (periodMs, callback) => clock.every(periodMs, callback),
  };
  const deadlines = new Deadlines(counting);
  const rang: (readonly [number, number])[] = [];
  const cancels = times.map((ms) => deadlines.after(ms, () => rang.push([ms, clock.now() - 1_000])));
  return { clock, deadlines, rang, cancels, timers: () => timers };
}

describe('deadlines', () => {
  it('call back each at its time, in whatever order they were given', () => {
    const { clock, rang } = deadlinesAt(30, 10, 20, 10);
    clock.advance(9);
    expect(rang).toEqual([]);
    clock.advance(91);
    expect(rang).toEqual([
      [10, 10],
      [10, 10],
      [20, 20],
      [30, 30],
    ]);
  });

  it('call back no more once they are cancelled', () => {
    const { clock, rang, cancels } = deadlinesAt(10, 20);
    cancels[0]!();
    clock.advance(100);
    expect(rang).toEqual([[20, 20]]);
  });

  it('cost one timer, however many are cancelled before they are reached', () => {
    const { clock, deadlines, rang, timers } = deadlinesAt(500);
    for (let frame = 0; frame < 100; frame++) {
      deadlines.after(500, () => {})();
      clock.advance(1);
    }
    expect(timers()).toBe(1);
    clock.advance(400);
    expect(rang).toEqual([[500, 500]]);
  });

  it('can be given when one is reached', () => {
    const { clock, deadlines, rang } = deadlinesAt();
    deadlines.after(10, () => void deadlines.after(5, () => rang.push([5, clock.now() - 1_000])));
    clock.advance(100);
    expect(rang).toEqual([[5, 15]]);
  });

  it('call back no more once they are disposed of', () => {
    const { clock, deadlines, rang } = deadlinesAt(10);
    deadlines[Symbol.dispose]();
    clock.advance(100);
    expect(rang).toEqual([]);
  });
});
