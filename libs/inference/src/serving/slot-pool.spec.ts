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
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SlotPool, type SlotPoolOptions } from './slot-pool.ts';

interface Work {
  readonly name: string;
  readonly ms: number;
}

/**
 * A pool over slots that take as long as the work says (a batch: as long as its longest), one batch at a time, the next
 * one handed over meanwhile. `stuck` names work that never ends, `deadly` work that kills its slot.
 */
function poolOf(
  options: Partial<SlotPoolOptions<Work, string>> & { deadly?: string; staging?: boolean } = {},
) {
  const clock = new FakeClock(1_000);
  const started: string[] = [];
  const tails = new Map<number, Promise<void>>();
  const handed = new Map<number, number>();
  const { deadly, staging = false, ...given } = options;
  const pool = new SlotPool<Work, string>({
    slots: 1,
    queueLimit: 10,
    clock,
    hasRoom: (slot) => staging && (handed.get(slot) ?? 0) < 2,
    start(slot, batch) {
      let state: 'staged' | 'begun' | 'withdrawn' = 'staged';
      handed.set(slot, (handed.get(slot) ?? 0) + 1);
      const begin = async () => {
        try {
          if (state === 'withdrawn') return [];
          state = 'begun';
          started.push(batch.map(({ name }) => name).join('+'));
          if (batch.some(({ name }) => name === deadly)) throw new Internal('thread died');
          await sleep(Math.max(...batch.map(({ ms }) => ms)), { clock });
          return batch.map(({ name }) => name);
        } finally {
          handed.set(slot, handed.get(slot)! - 1);
        }
      };
      // Free slots begin at once, as a thread does that waits for a message.
      const before = tails.get(slot);
      const results = before ? before.then(begin) : begin();
      const tail = results.then(
        () => {},
        () => {},
      );
      tails.set(slot, tail);
      void tail.then(() => tails.get(slot) === tail && tails.delete(slot));
      return {
        results,
        withdraw() {
          if (state !== 'staged') return state === 'withdrawn';
          state = 'withdrawn';
          return true;
        },
      };
    },
    ...given,
  });
  const submit = (
    name: string,
    ms: number,
    extra: { deadlineAt?: number; signal?: AbortSignal; group?: string; expectedMs?: number } = {},
  ) => pool.submit({ payload: { name, ms }, expectedMs: ms, ...extra });
  return { clock, pool, submit, started };
}

describe('SlotPool', () => {
  it('serves in the order of arrival and tells how long each took', async () => {
    const { clock, submit } = poolOf();
    const answers = Promise.all([submit('a', 30), submit('b', 20), submit('c', 10)]);
    await clock.advanceAsync(60);
    expect(await answers).toEqual([
      { value: 'a', elapsedMs: 30, batchSize: 1 },
      { value: 'b', elapsedMs: 50, batchSize: 1 },
      { value: 'c', elapsedMs: 60, batchSize: 1 },
    ]);
  });

  it('refuses what its queue cannot hold, and accepts again when there is room', async () => {
    const { clock, submit } = poolOf({ queueLimit: 1 });
    const accepted = [submit('a', 10), submit('b', 10)];
    await expect(submit('c', 10)).rejects.toMatchObject({ reason: 'QUEUE_FULL' });
    await clock.advanceAsync(10);
    accepted.push(submit('d', 10));
    await clock.advanceAsync(20);
    expect((await Promise.all(accepted)).map(({ value }) => value)).toEqual(['a', 'b', 'd']);
  });

  it('refuses work that arrives after its deadline or cancelled', async () => {
    const { submit, started } = poolOf();
    await expect(submit('a', 1, { deadlineAt: 1_000 })).rejects.toThrow(DeadlineExceeded);
    await expect(submit('b', 1, { signal: AbortSignal.abort() })).rejects.toThrow(Cancelled);
    expect(started).toEqual([]);
  });

  it.each([
    ['in the queue', false],
    ['handed over ahead', true],
  ])('drops cancelled work %s at once, which frees its place', async (_where, staging) => {
    const { clock, submit, started } = poolOf({ queueLimit: 1, staging });
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

  it('drains: finishes what it accepted, refuses what comes', async () => {
    const { clock, pool, submit } = poolOf({ staging: true });
    const accepted = Promise.all([submit('a', 10), submit('b', 10), submit('c', 10)]);
    let drained = false;
    const drain = pool.drain().then(() => (drained = true));
    await expect(submit('d', 10)).rejects.toThrow(Unavailable);
    await clock.advanceAsync(25);
    expect(drained).toBe(false);
    await clock.advanceAsync(5);
    await Promise.all([accepted, drain]);
    expect(drained).toBe(true);
  });

  it('finishes what runs when it is closed', async () => {
    const { clock, pool, submit } = poolOf({ staging: true });
    const running = submit('a', 10);
    pool.close();
    await clock.advanceAsync(10);
    expect((await running).value).toBe('a');
  });

  it('counts what was handed over ahead as waiting', async () => {
    const { clock, pool, submit } = poolOf({ queueLimit: 1, staging: true });
    const accepted = Promise.all([submit('a', 10), submit('b', 10)]);
    expect(pool.load()).toMatchObject({ queued: 1, inService: 1 });
    await expect(submit('c', 10)).rejects.toMatchObject({ reason: 'QUEUE_FULL' });
    await clock.advanceAsync(20);
    await accepted;
  });

  it('holds nothing with a queue limit of 0, and serves what can start at once', async () => {
    const { clock, submit } = poolOf({ queueLimit: 0 });
    const served = submit('a', 10);
    await expect(submit('b', 10)).rejects.toMatchObject({ reason: 'QUEUE_FULL' });
    await clock.advanceAsync(10);
    expect((await served).value).toBe('a');
  });

  it('leaves no listener on the signal of work that has ended or was given up', async () => {
    const { clock, submit } = poolOf();
    const { signal } = new AbortController();
    const first = submit('a', 50, { signal, expectedMs: 5 });
    const late = expect(submit('b', 10, { signal, deadlineAt: 1_020 })).rejects.toThrow(DeadlineExceeded);
    const third = submit('c', 10, { signal });
    await clock.advanceAsync(60);
    await Promise.all([first, late, third]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('gives up what waits when it is closed, what was handed over included', async () => {
    const { pool, submit } = poolOf({ staging: true });
    void submit('a', 10);
    const waiting = Promise.allSettled([submit('b', 10), submit('c', 10)]);
    pool.close();
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('deadlines in the queue', () => {
  it('serves by deadline, not by arrival', async () => {
    const { clock, submit, started } = poolOf({ staging: true });
    const all = Promise.all([
      submit('now', 10),
      submit('patient', 10, { deadlineAt: 2_000 }),
      submit('unhurried', 10),
      submit('urgent', 10, { deadlineAt: 1_030 }),
    ]);
    await clock.advanceAsync(40);
    await all;
    expect(started).toEqual(['now', 'urgent', 'patient', 'unhurried']);
  });

  it('serves work without a deadline as if it were due ten seconds after it came', async () => {
    const { clock, submit, started } = poolOf();
    const all = Promise.all([
      submit('now', 10),
      submit('undated', 10),
      submit('later', 10, { deadlineAt: 11_001 }),
      submit('sooner', 10, { deadlineAt: 10_999 }),
    ]);
    await clock.advanceAsync(40);
    await all;
    expect(started).toEqual(['now', 'sooner', 'undated', 'later']);
  });

  it('refuses at once what no order of service could do in time, and says when to try again', async () => {
    const { clock, submit, started } = poolOf();
    const first = submit('a', 100);
    await expect(submit('late', 50, { deadlineAt: 1_120 })).rejects.toMatchObject({
      reason: 'DEADLINE_UNREACHABLE',
      retryAfterMs: 30,
    });
    const before = submit('b', 50, { deadlineAt: 1_150 });
    await clock.advanceAsync(150);
    await Promise.all([first, before]);
    expect(started).toEqual(['a', 'b']);
  });

  it('gives up what can no longer be done in time the moment that is known', async () => {
    const { clock, submit, started } = poolOf({ staging: true });
    // It takes longer than expected.
    const first = submit('a', 100, { expectedMs: 10 });
    let gaveUpAt = 0;
    const late = submit('b', 10, { deadlineAt: 1_050 }).catch((error: unknown) => {
      gaveUpAt = clock.now();
      throw error;
    });
    const refused = expect(late).rejects.toThrow(DeadlineExceeded);
    await clock.advanceAsync(100);
    await Promise.all([first, refused]);
    expect(gaveUpAt).toBe(1_041);
    expect(started).toEqual(['a']);
  });

  it('keeps what could be done from starving behind what cannot', async () => {
    const { clock, submit } = poolOf({ queueLimit: 1_000 });
    let answered = 0;
    // Ten times what one slot can do, each with time for ten of them.
    for (let at = 0; at < 1_000; at++) {
      submit('frame', 10, { deadlineAt: clock.now() + 100 }).then(
        () => answered++,
        () => {},
      );
      await clock.advanceAsync(1);
    }
    await clock.advanceAsync(200);
    expect(answered).toBeGreaterThanOrEqual(95);
  });
});

describe('handing over ahead', () => {
  it('runs elsewhere what was handed to a slot that takes longer than expected', async () => {
    const { clock, submit, started } = poolOf({ slots: 2, staging: true });
    // Slot 0 is expected first, so that `next` is handed to it; slot 1 is done first.
    const all = Promise.all([
      submit('slow', 500, { expectedMs: 10 }),
      submit('fast', 20),
      submit('next', 30),
    ]);
    await clock.advanceAsync(50);
    expect(started).toEqual(['slow', 'fast', 'next']);
    await clock.advanceAsync(500);
    expect((await all).map(({ elapsedMs }) => elapsedMs)).toEqual([500, 20, 50]);
  });

  it('never does work twice, nor loses any, whatever is cancelled, late or stolen', async () => {
    const job = fc.record({
      gapMs: fc.nat(20),
      ms: fc.integer({ min: 1, max: 40 }),
      expectedMs: fc.integer({ min: 1, max: 40 }),
      patienceMs: fc.option(fc.integer({ min: 1, max: 200 })),
      cancelAfterMs: fc.option(fc.nat(60)),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(job, { minLength: 1, maxLength: 40, size: 'max' }),
        fc.integer({ min: 1, max: 3 }),
        async (jobs, slots) => {
          const { clock, pool, submit, started } = poolOf({ slots, queueLimit: 100, staging: true });
          const ends: Promise<'served' | 'refused'>[] = [];
          for (const [at, { gapMs, ms, expectedMs, patienceMs, cancelAfterMs }] of jobs.entries()) {
            await clock.advanceAsync(gapMs);
            const abort = new AbortController();
            if (cancelAfterMs !== null) clock.after(cancelAfterMs, () => abort.abort());
            const deadlineAt = patienceMs === null ? undefined : clock.now() + patienceMs;
            ends.push(
              submit(String(at), ms, {
                expectedMs,
                signal: abort.signal,
                ...(deadlineAt !== undefined && { deadlineAt }),
              }).then(
                () => 'served',
                () => 'refused',
              ),
            );
          }
          await clock.advanceAsync(5_000);
          const served = (await Promise.all(ends)).filter((end) => end === 'served').length;
          expect(new Set(started).size).toBe(started.length);
          expect(served).toBe(started.length);
          expect(pool.load()).toMatchObject({ queued: 0, inService: 0, backlogMs: 0 });
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('batches', () => {
  const curve = { batchLimit: () => 3, batchFactor: (_group: string, size: number) => 1 + 0.2 * (size - 1) };

  it('form only from what already waits, of one group, up to the limit', async () => {
    const { clock, submit, started } = poolOf(curve);
    const all = Promise.all([
      submit('a', 10, { group: 'v' }),
      submit('b', 10, { group: 'v' }),
      submit('other', 10, { group: 'w' }),
      ...['c', 'd', 'e'].map((name) => submit(name, 10, { group: 'v' })),
    ]);
    await clock.advanceAsync(60);
    expect((await all).map(({ batchSize }) => batchSize)).toEqual([1, 3, 1, 3, 3, 1]);
    expect(started).toEqual(['a', 'b+c+d', 'other', 'e']);
  });

  it('are expected to take what the curve says', async () => {
    const { clock, pool, submit } = poolOf(curve);
    const all = Promise.all(['a', 'b', 'c', 'd'].map((name) => submit(name, 10, { group: 'v' })));
    await clock.advanceAsync(10);
    expect(pool.load().backlogMs).toBeCloseTo(14);
    await clock.advanceAsync(20);
    await all;
  });
});

describe('slots that fail', () => {
  it('fail one job alone; the others wait for the slot to recover', async () => {
    const healed = Promise.withResolvers<boolean>();
    const { clock, submit, started } = poolOf({
      deadly: 'x',
      recovered: () => healed.promise,
      staging: true,
    });
    const crash = submit('x', 1);
    const next = submit('b', 10);
    await expect(crash).rejects.toThrow(Internal);
    const another = submit('c', 10);
    expect(started).toEqual(['x']);
    healed.resolve(true);
    await clock.advanceAsync(20);
    expect((await Promise.all([next, another])).map(({ value }) => value)).toEqual(['b', 'c']);
  });

  it('give up the queue when the last one is gone', async () => {
    const { submit } = poolOf({ deadly: 'x', recovered: async () => false });
    const crash = submit('x', 1);
    const next = expect(submit('b', 10)).rejects.toThrow(Unavailable);
    await expect(crash).rejects.toThrow(Internal);
    await next;
    await expect(submit('c', 10)).rejects.toThrow(Unavailable);
  });

  it('count with the time that they are overdue, so that a node that is stuck looks busier and busier', async () => {
    const { clock, pool, submit } = poolOf();
    void submit('stuck', 1e9, { expectedMs: 10 });
    await clock.advanceAsync(5);
    expect(pool.load().backlogMs).toBe(5);
    await clock.advanceAsync(1_005);
    expect(pool.load().backlogMs).toBe(1_000);
    // As it is told, five times a second.
    for (let told = 0; told < 10; told++) {
      await clock.advanceAsync(200);
      pool.load();
    }
    expect(pool.load().meanBacklogMs).toBeGreaterThan(500);
    await expect(submit('b', 10, { deadlineAt: clock.now() + 900 })).rejects.toThrow(ResourceExhausted);
  });
});

describe('load', () => {
  it.each([
    ['waiting', false],
    ['handed over ahead', true],
  ])('expects a new arrival to start when the work before it, %s, is done', async (_where, staging) => {
    const { clock, pool, submit } = poolOf({ slots: 2, staging });
    const all = Promise.all([submit('a', 30), submit('b', 20), submit('c', 25), submit('d', 40)]);
    await clock.advanceAsync(10);
    // a until 30, then d there until 70; b until 20, then c there until 45: an arrival now starts at 45.
    expect(pool.load()).toMatchObject({ queued: 2, inService: 2, slots: 2, backlogMs: 35 });
    await clock.advanceAsync(100);
    await all;
    expect(pool.load()).toMatchObject({ queued: 0, inService: 0, backlogMs: 0 });
  });

  it('predicts every wait exactly when service times are known', async () => {
    const arrivals = fc.array(
      fc.record({ gapMs: fc.integer({ min: 0, max: 30 }), serviceMs: fc.integer({ min: 1, max: 40 }) }),
      { minLength: 1, maxLength: 30, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (jobs, slots, staging) => {
          const { clock, pool, submit } = poolOf({ slots, queueLimit: 100, staging });
          const waits: Promise<{ expected: number; queueMs: number }>[] = [];
          for (const { gapMs, serviceMs } of jobs) {
            await clock.advanceAsync(gapMs);
            const expected = pool.load().backlogMs;
            waits.push(
              submit('job', serviceMs).then(({ elapsedMs }) => ({
                expected,
                queueMs: elapsedMs - serviceMs,
              })),
            );
          }
          await clock.advanceAsync(2_000);
          for (const { expected, queueMs } of await Promise.all(waits))
            expect(queueMs).toBeCloseTo(expected, 6);
        },
      ),
      { numRuns: 30 },
    );
  });
});
