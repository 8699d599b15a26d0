import { FakeClock, Internal } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { createBackgroundSlot } from './background-slot.ts';
import type { Batch, ItemResult, SessionSlot } from './session-slot.ts';

const payload: Batch = { variant: 'v', inputs: [{ image: new Uint8Array(1) }] };
const answer: ItemResult = { output: Float32Array.of(1), decodeMs: 1, computeMs: 2 };

/** Threads that compute until told to end; it counts those that started and those that were ended. */
function threads({ fails = false } = {}) {
  const told = { started: 0, ended: 0, fails };
  let computing = Promise.withResolvers<readonly ItemResult[]>();
  const clock = new FakeClock();
  const slot = createBackgroundSlot({
    clock,
    async startThread() {
      told.started++;
      if (told.fails) throw new Internal('no inference thread could be started');
      return {
        start() {
          computing = Promise.withResolvers();
          return { results: computing.promise, withdraw: () => false };
        },
        async [Symbol.asyncDispose]() {
          told.ended++;
        },
      } as Partial<SessionSlot> as SessionSlot;
    },
  });
  const settled = () => new Promise(setImmediate);
  return {
    told,
    clock,
    slot,
    settled,
    done: async () => {
      await settled();
      computing.resolve([answer]);
    },
    die: async () => {
      await settled();
      computing.reject(new Internal('the inference thread died'));
    },
  };
}

describe('background slot', () => {
  it('starts its thread for the first inference, keeps it for the next, and ends it after a minute of rest', async () => {
    const { told, clock, slot, settled, done } = threads();
    expect(told.started).toBe(0);
    const first = slot.run({ payload });
    await done();
    expect(await first).toEqual({ value: answer, elapsedMs: 0, batchSize: 1 });
    clock.advance(59_000);
    const second = slot.run({ payload });
    await settled();
    // Work is no rest.
    clock.advance(60_000);
    await done();
    expect((await second).elapsedMs).toBe(60_000);
    expect(told).toMatchObject({ started: 1, ended: 0 });
    clock.advance(60_000);
    await settled();
    expect(told.ended).toBe(1);
    const third = slot.run({ payload });
    await done();
    await third;
    expect(told.started).toBe(2);
  });

  it('takes one at a time', async () => {
    const { slot, done } = threads();
    const first = slot.run({ payload });
    await expect(slot.run({ payload })).rejects.toMatchObject({ reason: 'NOT_IDLE' });
    await done();
    await first;
    const next = slot.run({ payload });
    await done();
    await expect(next).resolves.toBeDefined();
  });

  it('does not begin what was cancelled, or has run out of time, while the thread started', async () => {
    const { told, clock, slot } = threads();
    const leaving = new AbortController();
    const left = slot.run({ payload, signal: leaving.signal });
    leaving.abort();
    await expect(left).rejects.toMatchObject({ status: 'CANCELLED' });
    const late = slot.run({ payload, deadlineAt: clock.now() + 10 });
    clock.advance(10);
    await expect(late).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    expect(told).toMatchObject({ started: 1, ended: 0 });
  });

  it('tries with a new thread after one that died, or could not start', async () => {
    const { told, slot, done, die } = threads({ fails: true });
    await expect(slot.run({ payload })).rejects.toThrow(Internal);
    told.fails = false;
    const dying = slot.run({ payload });
    await die();
    await expect(dying).rejects.toThrow(Internal);
    expect(told).toMatchObject({ started: 2, ended: 1 });
    const next = slot.run({ payload });
    await done();
    await expect(next).resolves.toBeDefined();
  });

  it('finishes what runs when it drains, takes no more, and ends its thread when disposed of', async () => {
    const { told, slot, done } = threads();
    const last = slot.run({ payload });
    const drained = slot.drain();
    await expect(slot.run({ payload })).rejects.toMatchObject({ status: 'UNAVAILABLE' });
    await done();
    await drained;
    await last;
    await slot[Symbol.asyncDispose]();
    expect(told.ended).toBe(1);
  });
});
