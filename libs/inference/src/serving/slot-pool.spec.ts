import {
  Cancelled,
  DeadlineExceeded,
  FakeClock,
  Internal,
  ResourceExhausted,
  Unavailable,
  sleep,
} from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotPool, type SlotPoolOptions } from './slot-pool.ts';

function poolOf(options: Partial<SlotPoolOptions> = {}) {
  const clock = new FakeClock(1_000);
  const pool = new SlotPool({ slots: 1, queueLimit: 10, clock, ...options });
  const started: string[] = [];
  /** A job that takes `ms` and answers its name. */
  const submit = (name: string, ms: number, extra: { deadlineAt?: number; signal?: AbortSignal } = {}) =>
    pool.submit({
      expectedMs: ms,
      ...extra,
      start: async () => {
        started.push(name);
        await sleep(ms, { clock });
        return name;
      },
    });
  return { clock, pool, submit, started };
}

describe('SlotPool', () => {
  it('serves in the order of arrival and tells how long each waited', async () => {
    const { clock, submit } = poolOf();
    const answers = Promise.all([submit('a', 30), submit('b', 20), submit('c', 10)]);
    await clock.advanceAsync(60);
    expect(await answers).toEqual([
      { value: 'a', queueMs: 0 },
      { value: 'b', queueMs: 30 },
      { value: 'c', queueMs: 50 },
    ]);
  });

  it('refuses what its queue cannot hold, and accepts again when there is room', async () => {
    const { clock, submit } = poolOf({ queueLimit: 1 });
    const accepted = [submit('a', 10), submit('b', 10)];
    await expect(submit('c', 10)).rejects.toThrow(ResourceExhausted);
    await clock.advanceAsync(10);
    accepted.push(submit('d', 10));
    await clock.advanceAsync(20);
    expect((await Promise.all(accepted)).map(({ value }) => value)).toEqual(['a', 'b', 'd']);
  });

  it('never starts work whose deadline passed in the queue', async () => {
    const { clock, submit, started } = poolOf();
    const first = submit('a', 30);
    const late = submit('b', 10, { deadlineAt: 1_030 });
    const refused = expect(late).rejects.toThrow(DeadlineExceeded);
    await clock.advanceAsync(40);
    await first;
    await refused;
    expect(started).toEqual(['a']);
  });

  it('refuses work that arrives after its deadline or cancelled', async () => {
    const { submit, started } = poolOf();
    await expect(submit('a', 1, { deadlineAt: 1_000 })).rejects.toThrow(DeadlineExceeded);
    await expect(submit('b', 1, { signal: AbortSignal.abort() })).rejects.toThrow(Cancelled);
    expect(started).toEqual([]);
  });

  it('drops cancelled work at once, which frees its place in the queue', async () => {
    const { clock, submit, started } = poolOf({ queueLimit: 1 });
    const abort = new AbortController();
    const first = submit('a', 10);
    const cancelled = expect(submit('b', 10, { signal: abort.signal })).rejects.toThrow(Cancelled);
    abort.abort();
    await cancelled;
    const third = submit('c', 10);
    await clock.advanceAsync(20);
    await Promise.all([first, third]);
    expect(started).toEqual(['a', 'c']);
  });

  it('drops expired work from a full queue to make room', async () => {
    const { clock, submit, started } = poolOf({ queueLimit: 1 });
    const first = submit('a', 50);
    const expired = expect(submit('b', 10, { deadlineAt: 1_010 })).rejects.toThrow(DeadlineExceeded);
    await clock.advanceAsync(20);
    const third = submit('c', 10);
    await expired;
    await clock.advanceAsync(40);
    await Promise.all([first, third]);
    expect(started).toEqual(['a', 'c']);
  });

  it('fails one job alone and waits for its slot to recover', async () => {
    const healed = Promise.withResolvers<boolean>();
    const { clock, pool, submit, started } = poolOf({ recovered: () => healed.promise });
    const crash = pool.submit({ expectedMs: 1, start: () => Promise.reject(new Internal('thread died')) });
    const next = submit('b', 10);
    await expect(crash).rejects.toThrow(Internal);
    expect(started).toEqual([]);
    healed.resolve(true);
    await clock.advanceAsync(10);
    expect((await next).value).toBe('b');
  });

  it('gives up the queue when the last slot is gone', async () => {
    const { pool, submit } = poolOf({ recovered: async () => false });
    const crash = pool.submit({ expectedMs: 1, start: () => Promise.reject(new Internal('thread died')) });
    const next = expect(submit('b', 10)).rejects.toThrow(Unavailable);
    await expect(crash).rejects.toThrow(Internal);
    await next;
    await expect(submit('c', 10)).rejects.toThrow(Unavailable);
  });

  it('drains: finishes what it accepted, refuses what comes', async () => {
    const { clock, pool, submit } = poolOf();
    const accepted = Promise.all([submit('a', 10), submit('b', 10)]);
    let drained = false;
    const drain = pool.drain().then(() => (drained = true));
    await expect(submit('c', 10)).rejects.toThrow(Unavailable);
    await clock.advanceAsync(15);
    expect(drained).toBe(false);
    await clock.advanceAsync(5);
    await Promise.all([accepted, drain]);
    expect(drained).toBe(true);
  });

  it('expects a new arrival to start when the work before it is done', async () => {
    const { clock, pool, submit } = poolOf({ slots: 2 });
    const all = Promise.all([submit('a', 30), submit('b', 20), submit('c', 5), submit('d', 40)]);
    await clock.advanceAsync(10);
    // a until 30, b until 20, then c there until 25, then d there until 65: an arrival now starts at 30.
    expect(pool.load()).toMatchObject({ queued: 2, inService: 2, slots: 2, backlogMs: 20 });
    await clock.advanceAsync(100);
    await all;
    expect(pool.load()).toMatchObject({ queued: 0, inService: 0, backlogMs: 0 });
  });

  it('predicts every wait exactly when service times are known', async () => {
    const arrivals = fc.array(
      fc.record({ gapMs: fc.integer({ min: 0, max: 30 }), serviceMs: fc.integer({ min: 1, max: 40 }) }),
      { minLength: 1, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(arrivals, fc.integer({ min: 1, max: 3 }), async (jobs, slots) => {
        const { clock, pool, submit } = poolOf({ slots, queueLimit: 100 });
        const waits: Promise<{ expected: number; queueMs: number }>[] = [];
        for (const { gapMs, serviceMs } of jobs) {
          await clock.advanceAsync(gapMs);
          const expected = pool.load().backlogMs;
          waits.push(submit('job', serviceMs).then(({ queueMs }) => ({ expected, queueMs })));
        }
        await clock.advanceAsync(2_000);
        for (const { expected, queueMs } of await Promise.all(waits)) expect(queueMs).toBe(expected);
      }),
      { numRuns: 30 },
    );
  });
});
