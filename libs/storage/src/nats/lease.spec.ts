import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { Lease } from './lease.ts';

describe('a lease', () => {
  it('is over when it was not renewed for its time, which counts from when that was asked for', () => {
    const clock = new FakeClock(1_000);
    const lease = new Lease(clock, 5_000);
    expect([lease.began, lease.lapsed]).toEqual([false, false]);
    clock.advance(20_000);
    expect(lease.lapsed).toBe(false);

    const askedAt = clock.now();
    clock.advance(1_000);
    lease.renewed(askedAt);
    clock.advance(3_999);
    expect([lease.began, lease.lapsed]).toEqual([true, false]);
    clock.advance(1);
    expect([lease.lapsed, lease.lapsedFor(10_000)]).toEqual([true, false]);
    clock.advance(10_000);
    expect(lease.lapsedFor(10_000)).toBe(true);

    lease.renewed(clock.now());
    lease.renewed(askedAt);
    expect(lease.lapsed).toBe(false);
  });
});
