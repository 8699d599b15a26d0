import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue, type Turn } from './fair-queue.ts';

function queueOf(...turns: readonly (readonly [caller: string, cost: number])[]): FairQueue<Turn> {
  const queue = new FairQueue<Turn>();
  for (const [caller, cost] of turns) queue.add({ caller, cost });
  return queue;
}

const order = (queue: FairQueue<Turn>) =>
  Array.from({ length: queue.size }, () => queue.take()!.caller).join('');

describe('a fair queue', () => {
  it('serves one caller in the order in which it asked', () => {
    const queue = new FairQueue<Turn & { readonly at: number }>();
    for (const at of [1, 2, 3]) queue.add({ caller: 'a', cost: 4 - at, at });
    expect([queue.take()?.at, queue.take()?.at, queue.take()?.at, queue.take()]).toEqual([
      1,
      2,
      3,
      undefined,
    ]);
  });

  it('serves callers in turn, whoever has sent more', () => {
    expect(order(queueOf(['a', 1], ['a', 1], ['a', 1], ['b', 1], ['b', 1], ['c', 1]))).toBe('abcaba');
  });

  it('gives equal shares of cost, not of items', () => {
    const small = Array.from({ length: 8 }, () => ['b', 1] as const);
    expect(order(queueOf(['a', 4], ['a', 4], ['a', 4], ...small))).toBe('abbbbabbbba');
  });

  it('lets a newcomer wait for nobody’s backlog, and gives no credit for having been away', () => {
    const queue = queueOf(...Array.from({ length: 50 }, () => ['a', 16] as const));
    for (let served = 0; served < 10; served++) queue.take();
    for (let at = 0; at < 4; at++) queue.add({ caller: 'b', cost: 16 });
    expect(order(queue).slice(0, 6)).toBe('bababa');
  });

  it('counts nothing for what was taken back', () => {
    const queue = new FairQueue<Turn>();
    queue.add({ caller: 'b', cost: 1 });
    const items = Array.from({ length: 10 }, () => ({ caller: 'a', cost: 100 }));
    for (const item of items) queue.add(item);
    queue.add({ caller: 'b', cost: 1 });
    expect(items.map((item) => queue.remove(item))).not.toContain(false);
    expect(queue.remove(items[0]!)).toBe(false);
    queue.add({ caller: 'a', cost: 1 });
    expect(order(queue)).toBe('bab');
  });

  it('names the newest item of whoever crowds it, and nobody to one who has as many', () => {
    const queue = queueOf(['a', 1], ['a', 2], ['a', 3], ['b', 9]);
    expect(queue.mostCrowded('c')).toEqual({ caller: 'a', cost: 3 });
    expect(queue.mostCrowded('b')).toEqual({ caller: 'a', cost: 3 });
    expect(queue.mostCrowded('a')).toBeUndefined();
    expect(queueOf(['a', 1]).mostCrowded('b')).toBeUndefined();
  });

  it('keeps those who wait within one item of each other', () => {
    const costs = fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(costs, { minLength: 2, maxLength: 5 }), (callers) => {
        const queue = new FairQueue<Turn>();
        callers.forEach((of, at) => of.forEach((cost) => queue.add({ caller: String(at), cost })));
        const left = callers.map((of) => of.length);
        const served = callers.map(() => 0);
        for (let item = queue.take(); item; item = queue.take()) {
          const at = Number(item.caller);
          left[at]!--;
          served[at]! += item.cost;
          const waiting = served.filter((_, other) => left[other]! > 0 || other === at);
          // Twice the largest cost: what was begun for one, and what the other could not begin yet.
          expect(served[at]! - Math.min(...waiting)).toBeLessThanOrEqual(2 * 16);
        }
        expect(queue.size).toBe(0);
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});
