import { describe, expect, it } from 'vitest';
import { unlessAborted } from './unless-aborted.ts';

const never = new Promise<never>(() => {});

describe('unlessAborted', () => {
  it('comes to what the work comes to', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve('done'), signal)).toBe('done');
    expect(await unlessAborted(Promise.resolve('done'), undefined)).toBe('done');
    await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  });

  it('rejects with the reason of the signal, whether that has aborted before or does later', async () => {
    await expect(unlessAborted(never, AbortSignal.abort('before'))).rejects.toBe('before');
    const stop = new AbortController();
    const waits = unlessAborted(never, stop.signal);
    stop.abort('later');
    await expect(waits).rejects.toBe('later');
  });

  it('lets work fail later on without anybody hearing of it', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    await expect(unlessAborted(promise, AbortSignal.abort('stop'))).rejects.toBe('stop');
    reject(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
