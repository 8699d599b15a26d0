import { Cancelled, DeadlineExceeded, FakeClock, ResourceExhausted } from '@weir/base';
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

  it('lets a frame in at once only where there is room, and counts none as failed', async () => {
    const count = new FrameCount(1);
    const leave = count.enterIfFree()!;
    expect(count.enterIfFree()).toBeUndefined();
    const waiting = count.whenFree(new AbortController().signal);
    leave();
    expect(count.enterIfFree()).toBeUndefined();
    (await waiting)();
    expect(count.enterIfFree()).toBeDefined();
    expect(count.read()).toMatchObject({ inFlight: 1, failed: 0n });
  });

  it('lets frames wait for a place, and in by the order in which they asked', async () => {
    const count = new FrameCount(1);
    const leave = count.enter();
    const admitted: string[] = [];
    const waiting = ['first', 'second'].map(async (name) => {
      const leaveAgain = await count.whenFree(new AbortController().signal);
      admitted.push(name);
      return leaveAgain;
    });
    leave();
    // Nobody gets ahead of those who wait.
    expect(() => count.enter()).toThrow(ResourceExhausted);
    const leaveFirst = await waiting[0]!;
    expect(admitted).toEqual(['first']);
    leaveFirst();
    await waiting[1]!;
    expect(admitted).toEqual(['first', 'second']);
    expect(count.read().inFlight).toBe(1);
  });

  it('passes over a frame that has stopped waiting', async () => {
    const count = new FrameCount(1);
    const leave = count.enter();
    const [gone, patient] = [new AbortController(), new AbortController()];
    const lost = count.whenFree(gone.signal);
    const admitted = count.whenFree(patient.signal);
    gone.abort(new Cancelled('the caller has left'));
    await expect(lost).rejects.toBeInstanceOf(Cancelled);
    leave();
    (await admitted)();
    expect(count.read().inFlight).toBe(0);
  });

  it('passes over a frame whose deadline has come, and forgets the deadline of one that got its place', async () => {
    const clock = new FakeClock();
    const count = new FrameCount(1, { clock });
    const leave = count.enter();
    const { signal } = new AbortController();
    const late = count.whenFree(signal, { deadlineAt: clock.now() + 50 });
    const patient = count.whenFree(signal, { deadlineAt: clock.now() + 100 });
    clock.advance(50);
    await expect(late).rejects.toBeInstanceOf(DeadlineExceeded);
    leave();
    const leaveAgain = await patient;
    clock.advance(100);
    expect(count.read().inFlight).toBe(1);
    leaveAgain();
    expect(count.read().inFlight).toBe(0);
  });

  it('tells whom it refuses when a place is expected to be free', () => {
    const clock = new FakeClock();
    const count = new FrameCount(2, { clock });
    const retryAfterMs = () => {
      try {
        count.enter();
        return undefined;
      } catch (error) {
        return (error as ResourceExhausted).retryAfterMs;
      }
    };
    const leave = count.enter();
    count.enter();
    expect(retryAfterMs()).toBe(1);
    clock.advance(200);
    leave();
    count.enter();
    // Two places, each held for 200 ms: one is free every 100.
    expect(retryAfterMs()).toBe(100);
  });

  it('keeps the mean of the accuracy expected of the answers', () => {
    const count = new FrameCount(1);
    expect(count.read().meanExpectedAccuracy).toBe(0);
    count.answered(0.6);
    count.answered(0.8);
    expect(count.read().meanExpectedAccuracy).toBeCloseTo(0.7);
  });
});
