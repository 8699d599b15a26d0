import { seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Replay, replayFault } from './replay.ts';

const filled = (capacity: number, count: number) => {
  const replay = new Replay<number>(capacity);
  for (let item = 0; item < count; item++) replay.add(item);
  return replay;
};

describe('replay', () => {
  it.each([
    [3, 0, []],
    [3, 2, [0, 1]],
    [3, 3, [0, 1, 2]],
    [3, 5, [2, 3, 4]],
    [1, 4, [3]],
  ])('of %i keeps, of %i experiences, the last ones: %j', (capacity, count, kept) => {
    const replay = filled(capacity, count);
    expect([replay.items(), replay.size, replay.newest()]).toEqual([kept, kept.length, kept.at(-1)]);
  });

  it('keeps the last experiences, oldest first, and no more than its capacity', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 40 }), (capacity, count) => {
        const replay = filled(capacity, count);
        const expected = Array.from({ length: count }, (_, item) => item).slice(-capacity);
        expect(replay.items()).toEqual(expected);
        expect(replay.size).toBe(expected.length);
        expect(replay.newest()).toBe(expected.at(-1));
      }),
    );
  });

  it('samples the same after it was saved and restored, and goes on at the same place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 40 }), (capacity, count) => {
        const [replay, restored] = [filled(capacity, count), new Replay<number>(capacity)];
        restored.restore(replay.state());
        for (const each of [replay, restored]) each.add(count);
        expect(restored.items()).toEqual(replay.items());
        const [drawn, expected] = [restored, replay].map((each) => each.sample(seededRandom(1), 20));
        expect(drawn).toEqual(expected);
      }),
    );
  });

  it.each([
    [{ slots: [1, 2, 3, 4], next: 0 }, 'at most 3'],
    [{ slots: [1, 2, 3], next: 3 }, 'no slot 3'],
    [{ slots: [1], next: 0 }, 'no slot 0'],
  ])('that is saved as %o does not fit three experiences', (state, fault) => {
    expect(replayFault(state, 3)).toContain(fault);
  });

  it('samples all of them alike, whether it has wrapped or not', () => {
    for (const count of [5, 8, 19]) {
      const replay = filled(8, count);
      const draws = replay.sample(seededRandom(count), 16_000);
      const kept = replay.items();
      const seen = kept.map((item) => draws.filter((draw) => draw === item).length);
      expect(seen.reduce((sum, each) => sum + each, 0)).toBe(16_000);
      const expected = 16_000 / kept.length;
      // Five standard deviations of a binomial count.
      for (const each of seen) expect(Math.abs(each - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });
});
