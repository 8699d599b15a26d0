import { describe, expect, it } from 'vitest';
import { idle } from './dispatch.fixture.ts';
import { LocalQueue } from './local-queue.ts';

describe('local queue', () => {
  it('waits for the first slot that falls free', () => {
    const queue = new LocalQueue(2);
    queue.sent(100, 0);
    expect(queue.waitMs(0)).toBe(0);
    queue.sent(60, 0);
    expect(queue.waitMs(0)).toBe(60);
    queue.sent(10, 0);
    expect([queue.waitMs(0), queue.waitMs(65), queue.waitMs(200)]).toEqual([70, 5, 0]);
  });

  it('is empty once everything has come back, however wrong the predictions were', () => {
    const queue = new LocalQueue(1);
    queue.sent(1_000, 0);
    queue.sent(1_000, 0);
    queue.returned(10);
    expect(queue.waitMs(10)).toBeGreaterThan(1_000);
    queue.returned(20);
    expect(queue.waitMs(20)).toBe(0);
  });

  it('believes the runner', () => {
    const queue = new LocalQueue(2);
    queue.report(idle('device-1', { slots: 2, inService: 2, queued: 1, backlogMs: 80 }), 0);
    expect([queue.waitMs(0), queue.waitMs(30)]).toEqual([80, 50]);
    queue.report(idle('device-1', { slots: 2, inService: 1 }), 40);
    expect(queue.waitMs(40)).toBe(0);
    queue.sent(100, 40);
    expect(queue.waitMs(40)).toBeGreaterThan(0);
  });

  it('has no congestion when idle', () => {
    const queue = new LocalQueue(1);
    for (let now = 0; now < 20_000; now += 100) queue.sent(90, now);
    expect(queue.congestionPerMs(20_000)).toBeGreaterThan(0.05);
    expect(queue.congestionPerMs(80_000)).toBeLessThan(1e-4);
  });
});
