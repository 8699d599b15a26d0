import { describe, expect, it } from 'vitest';
import { FairSlots } from './fair-slots.ts';

const slotsOf = (most: number) => new FairSlots(most, () => new Error('others need it'));

describe('fair slots', () => {
  it('take from the connection that holds most of them, the oldest first', () => {
    const slots = slotsOf(3);
    const flood = [1, 2, 3].map(() => slots.take('127.0.0.1:7')!);
    expect(slots.take('127.0.0.1:8')).toBeDefined();
    expect(flood.map(({ lost }) => lost.aborted)).toEqual([true, false, false]);
    expect(flood[0]!.lost.reason).toEqual(new Error('others need it'));
    expect(slots.size).toBe(3);
  });

  it('take from the host that holds most of them, whatever its connections', () => {
    const slots = slotsOf(4);
    const flood = [1, 2, 3, 4].map((port) => slots.take(`10.0.0.1:${port}`)!);
    expect(slots.take('10.0.0.2:1')).toBeDefined();
    expect(slots.take('[fd00::1]:1')).toBeDefined();
    expect(flood.filter(({ lost }) => lost.aborted)).toHaveLength(2);
  });

  it('refuse who holds as many as anybody, and whoever holds most', () => {
    const slots = slotsOf(2);
    const held = [slots.take('a:1')!, slots.take('b:1')!];
    expect(slots.take('c:1')).toBeUndefined();
    expect(slots.take('a:2')).toBeUndefined();
    expect(held.some(({ lost }) => lost.aborted)).toBe(false);
  });

  it('are free again when they are given back', () => {
    const slots = slotsOf(1);
    slots.take('a:1')![Symbol.dispose]();
    expect(slots.take('b:1')).toBeDefined();
  });
});
