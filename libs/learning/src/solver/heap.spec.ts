import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { MinHeap } from './heap.ts';

describe('min heap', () => {
  it('gives up its keys in order, each with its id, also beyond its first arrays', () => {
    const random = seededRandom(1);
    const keys = Array.from({ length: 200 }, () => random.uniform());
    const heap = new MinHeap();
    keys.forEach((key, id) => heap.push(key, id));
    const popped: [number, number][] = [];
    for (; heap.size > 0; heap.pop()) popped.push([heap.key, heap.id]);
    expect(popped).toEqual(keys.map((key, id) => [key, id]).sort(([a], [b]) => a! - b!));
  });
});
