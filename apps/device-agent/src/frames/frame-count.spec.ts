import { ResourceExhausted } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { FrameCount } from './frame-count.ts';

describe('FrameCount', () => {
  it('refuses frames beyond its limit and counts them as failed', () => {
    const count = new FrameCount(1);
    const leave = count.enter();
    expect(() => count.enter()).toThrow(ResourceExhausted);
    leave();
    leave();
    expect(count.read()).toMatchObject({ inFlight: 0, failed: 1n });
    count.enter();
    expect(count.read().inFlight).toBe(1);
  });

  it('keeps the mean of the accuracy expected of the answers', () => {
    const count = new FrameCount(1);
    expect(count.read().meanExpectedAccuracy).toBe(0);
    count.answered(0.6);
    count.answered(0.8);
    expect(count.read().meanExpectedAccuracy).toBeCloseTo(0.7);
  });
});
