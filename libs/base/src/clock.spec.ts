import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sleep, systemClock } from './clock.ts';
import { FakeClock } from './fake-clock.ts';

describe('systemClock', () => {
  it.each([3e9, Infinity])('takes a wait of %d ms for a very long one', (waitMs) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const fired = vi.fn();
    systemClock.after(waitMs, fired);
    systemClock.every(waitMs, fired);
    vi.advanceTimersByTime(60_000);
    expect(fired).not.toHaveBeenCalled();
  });

  it('comes at once where a wait is over, without a warning', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    await new Promise<void>((resolve) => systemClock.after(-5, resolve));
    // Warnings come a turn later.
    await new Promise(setImmediate);
    expect(warned).not.toHaveBeenCalled();
  });
});

describe('FakeClock', () => {
  it('runs timers in the order of their times, those they start included', () => {
    const clock = new FakeClock(100);
    const seen: string[] = [];
    clock.after(20, () => seen.push(`b@${clock.now()}`));
    clock.after(10, () => {
      seen.push(`a@${clock.now()}`);
      clock.after(5, () => seen.push(`c@${clock.now()}`));
    });
    clock.advance(30);
    expect(seen).toEqual(['a@110', 'c@115', 'b@120']);
    expect(clock.now()).toBe(130);
  });

  it('repeats and cancels', () => {
    const clock = new FakeClock();
    let ticks = 0;
    const cancel = clock.every(10, () => ticks++);
    clock.advance(35);
    cancel();
    clock.advance(35);
    expect(ticks).toBe(3);
  });
});

describe('sleep', () => {
  it('resolves when the clock has moved on', async () => {
    const clock = new FakeClock();
    let awake = false;
    void sleep(10, { clock }).then(() => (awake = true));
    await clock.advanceAsync(9);
    expect(awake).toBe(false);
    await clock.advanceAsync(1);
    expect(awake).toBe(true);
  });

  it('rejects when aborted', async () => {
    const stop = new AbortController();
    const sleeping = sleep(1e6, { clock: new FakeClock(), signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
  });
});
