import { FakeClock, silentLogger } from '@weir/base';
import { expect, it } from 'vitest';
import { OutcomePace } from './outcome-pace.ts';

/** Pauses after each look of a thread that was busy for these shares of the time. */
function pauses(...shares: readonly number[]): number[] {
  const clock = new FakeClock();
  let busyShare = 0;
  using pace = new OutcomePace({ clock, logger: silentLogger, busyShare: () => busyShare });
  return shares.map((share) => {
    busyShare = share;
    clock.advance(10_000);
    return pace.outcomePauseMs;
  });
}

it('lets agents send as they like while there is time for that', () => {
  expect(pauses(0, 0.3, 0.49)).toEqual([0, 0, 0]);
});

it('asks for fewer messages the longer it is too busy, down to one in eight seconds', () => {
  expect(pauses(0.7, 0.7, 0.51, 1, 1)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
});

it('keeps a pause that does, and takes it back by steps', () => {
  expect(pauses(1, 1, 1, 0.5, 0.21, 0.1, 0.1, 0.1, 0.1)).toEqual([
    1_000, 2_000, 4_000, 4_000, 4_000, 2_000, 1_000, 0, 0,
  ]);
});

it('goes by what Node measures of the thread', async () => {
  const clock = new FakeClock();
  using pace = new OutcomePace({ clock, logger: silentLogger });
  // Time in which the thread sleeps counts only once the loop has turned.
  await new Promise(setImmediate);
  const until = performance.now() + 20;
  while (performance.now() < until);
  clock.advance(10_000);
  expect(pace.outcomePauseMs).toBe(1_000);
});
