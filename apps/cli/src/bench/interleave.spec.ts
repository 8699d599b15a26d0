import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { interleave, timesOf } from './interleave.ts';

const signal = new AbortController().signal;

/** Two ways that take 5 and 2 ms of a clock of their own; `order` says which ran when. */
function twoWays() {
  const order: number[] = [];
  let at = 0;
  const take = (way: number, ms: number) => async () => {
    order.push(way);
    at += ms;
  };
  return { order, now: () => at, ways: [take(0, 5), take(1, 2)] as const };
}

describe('interleave', () => {
  it('times both ways equally often, each by itself', async () => {
    const { ways, now } = twoWays();
    const [a, b] = await interleave(ways, { pairs: 3, random: seededRandom(1), now, signal });
    expect(a).toEqual([5, 5, 5]);
    expect(b).toEqual([2, 2, 2]);
  });

  it('begins pairs with either way', async () => {
    const { ways, now, order } = twoWays();
    await interleave(ways, { pairs: 40, random: seededRandom(1), now, signal });
    const firsts = order.filter((_, index) => index % 2 === 0);
    expect(new Set(firsts)).toEqual(new Set([0, 1]));
    for (let pair = 0; pair < 80; pair += 2) expect(order[pair]! + order[pair + 1]!).toBe(1);
  });

  it('stops between pairs when told to', async () => {
    const { ways, now, order } = twoWays();
    await interleave(ways, { pairs: 3, random: seededRandom(1), now, signal: AbortSignal.abort() });
    expect(order).toEqual([]);
  });
});

describe('timesOf', () => {
  it('gives count, median and 95th percentile', () => {
    expect(timesOf([1, 2, 3])).toEqual({ n: 3, p50: 2, p95: 2.9 });
  });
});
