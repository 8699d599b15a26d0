import { describe, expect, it } from 'vitest';
import type { CallCaller } from './call-caller.ts';
import { FairSlots } from './fair-slots.ts';

const slotsOf = (most: number) => new FairSlots(most, () => new Error('others need it'));
const caller = (id: string, more: Partial<CallCaller> = {}): CallCaller => ({
  id,
  connection: `${id}:1`,
  ...more,
});

describe('fair slots', () => {
  it('take from the caller who holds most of them, the oldest first', () => {
    const slots = slotsOf(3);
    const flood = [1, 2, 3].map(() => slots.take(caller('a'))!);
    expect(slots.take(caller('b'))).toBeDefined();
    expect(flood.map(({ lost }) => lost.aborted)).toEqual([true, false, false]);
    expect(flood[0]!.lost.reason).toEqual(new Error('others need it'));
    expect(slots.size).toBe(3);
  });

  it('take from the caller who holds most of them, whatever its connections', () => {
    const slots = slotsOf(4);
    const flood = [1, 2, 3, 4].map((port) => slots.take(caller('a', { connection: `10.0.0.1:${port}` }))!);
    expect(slots.take(caller('b'))).toBeDefined();
    expect(slots.take(caller('c'))).toBeDefined();
    expect(flood.filter(({ lost }) => lost.aborted)).toHaveLength(2);
  });

  it('take from the connection that holds most of one caller’s', () => {
    const slots = slotsOf(3);
    const flood = [1, 2, 3].map(() => slots.take(caller('a'))!);
    expect(slots.take(caller('a', { connection: 'a:2' }))).toBeDefined();
    expect(flood.filter(({ lost }) => lost.aborted)).toHaveLength(1);
  });

  it('refuse who holds as many as anybody, and whoever holds most', () => {
    const slots = slotsOf(2);
    const held = [slots.take(caller('a'))!, slots.take(caller('b'))!];
    expect(slots.take(caller('c'))).toBeUndefined();
    expect(slots.take(caller('a', { connection: 'a:2' }))).toBeUndefined();
    expect(held.some(({ lost }) => lost.aborted)).toBe(false);
  });

  it('always have one for an operator or a console, but not for more of them than there are', () => {
    const slots = slotsOf(2);
    const held = ['a', 'b'].map((id) => slots.take(caller(id, { role: 'device' }))!);
    expect(slots.take(caller('ada', { role: 'operator' }))).toBeDefined();
    expect(slots.take(caller('screen', { role: 'console' }))).toBeDefined();
    expect(held.map(({ lost }) => lost.aborted)).toEqual([true, true]);
    expect(slots.take(caller('bob', { role: 'operator' }))).toBeUndefined();
    expect(slots.take(caller('c', { role: 'device' }))).toBeUndefined();
  });

  it('are free again when they are given back', () => {
    const slots = slotsOf(1);
    slots.take(caller('a'))![Symbol.dispose]();
    expect(slots.take(caller('b'))).toBeDefined();
  });
});
