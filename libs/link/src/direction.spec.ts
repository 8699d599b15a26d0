import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { Direction } from './direction.ts';

describe('direction', () => {
  it('calls back a held sender once, when there is room again', () => {
    const clock = new FakeClock();
    const direction = new Direction({ delayMs: 0, bitsPerSecond: 8e6 }, clock);
    let delivered = 0;
    for (let piece = 0; piece < 20; piece++) direction.push(16_000, () => delivered++);
    expect(direction.full).toBe(true);
    let resumed = 0;
    direction.whenRoom(() => resumed++);
    // A piece takes 16 ms.
    clock.advance(33);
    expect([delivered, direction.full, resumed]).toEqual([2, true, 0]);
    clock.advance(320);
    expect([delivered, direction.full, resumed]).toEqual([20, false, 1]);
  });
});
