import { Cancelled, DeadlineExceeded, FakeClock } from '@weir/base';
import { describe, expect, it, vi } from 'vitest';
import { bounded } from './bounded.ts';

const never = new Promise<string>(() => {});

describe('bounded', () => {
  it('gives what the work gives', async () => {
    const bounds = { deadlineAt: 10, signal: new AbortController().signal, clock: new FakeClock() };
    await expect(bounded(Promise.resolve('done'), bounds)).resolves.toBe('done');
    await expect(bounded(Promise.reject(new Error('broken')), bounds)).rejects.toThrow('broken');
  });

  it('rejects at the deadline, not before', async () => {
    const clock = new FakeClock();
    const onGiveUp = vi.fn();
    const result = bounded(never, { deadlineAt: 10, signal: new AbortController().signal, clock, onGiveUp });
    result.catch(() => {});
    clock.advance(9);
    expect(onGiveUp).not.toHaveBeenCalled();
    clock.advance(1);
    expect(onGiveUp).toHaveBeenCalledOnce();
    await expect(result).rejects.toBeInstanceOf(DeadlineExceeded);
  });

  it('rejects when the signal aborts, also when it had before', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const early = bounded(never, { deadlineAt: 10, signal: stop.signal, clock });
    stop.abort();
    await expect(early).rejects.toBeInstanceOf(Cancelled);
    await expect(bounded(never, { deadlineAt: 10, signal: stop.signal, clock })).rejects.toBeInstanceOf(
      Cancelled,
    );
  });

  it('gives up once only', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const onGiveUp = vi.fn();
    const result = bounded(never, { deadlineAt: 10, signal: stop.signal, clock, onGiveUp });
    clock.advance(10);
    stop.abort();
    await expect(result).rejects.toBeInstanceOf(DeadlineExceeded);
    expect(onGiveUp).toHaveBeenCalledOnce();
  });
});
