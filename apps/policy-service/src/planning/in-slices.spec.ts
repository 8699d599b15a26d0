import { FakeClock, type Steps } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { inSlices, InSlices } from './in-slices.ts';
import { Turnstile } from './turnstile.ts';

/** Steps that take so many ms each, with a rest after those of 0. `share`: of the processor that the thread gets. */
function work(stepMs: readonly number[], share = 1) {
  const clock = new FakeClock();
  const done: number[] = [];
  const ends: number[] = [];
  function* steps(): Steps<void> {
    try {
      for (const ms of stepMs) {
        clock.advance(ms);
        done.push(ms);
        yield ms === 0 ? 'rest' : undefined;
      }
    } finally {
      done.push(-1);
    }
  }
  const slices = new InSlices(steps(), {
    clock,
    turnstile: new Turnstile(clock),
    processorMs: () => share * clock.now(),
    onEnd: () => ends.push(clock.now()),
  });
  return { clock, done, ends, slices };
}

describe('InSlices', () => {
  it('goes on for some milliseconds, then when whatever else is due has been done', () => {
    const { clock, done, ends, slices } = work(Array<number>(32).fill(0.25));
    slices.run();
    expect(done).toHaveLength(20);
    clock.advance(0);
    expect(done).toHaveLength(33);
    expect(ends).toEqual([8]);
  });

  it('makes some headway in each slice, however little of the processor it gets', () => {
    const { done, slices } = work(Array<number>(100).fill(50), 1 / 128);
    slices.run();
    expect(done).toHaveLength(11);
  });

  it('rests where the steps ask for it', () => {
    const { done, slices } = work([1, 0, 1]);
    slices.run();
    expect(done).toEqual([1, 0]);
  });

  it('does the rest at once when that is asked for', () => {
    const { clock, done, ends, slices } = work([9, 0, 9]);
    slices.run();
    slices.finish();
    expect(done).toEqual([9, 0, 9, -1]);
    clock.advance(1_000);
    expect(ends).toEqual([18]);
  });

  it('gives up what is left when it is disposed', () => {
    const { clock, done, ends, slices } = work([1, 0, 9]);
    slices.run();
    slices[Symbol.dispose]();
    clock.advance(1_000);
    slices[Symbol.dispose]();
    expect(done).toEqual([1, 0, -1]);
    expect(ends).toEqual([1]);
  });

  it('ends when a step throws', () => {
    const ends: string[] = [];
    const steps = (function* (): Steps<void> {
      yield;
      throw new Error('broken');
    })();
    const clock = new FakeClock();
    const turnstile = new Turnstile(clock);
    const slices = new InSlices(steps, { clock, turnstile, onEnd: () => ends.push('end') });
    expect(() => slices.run()).toThrow('broken');
    expect(ends).toEqual(['end']);
  });
});

describe('inSlices', () => {
  it('comes to what the steps come to, slices later', async () => {
    const clock = new FakeClock();
    function* steps(): Steps<string> {
      yield 'rest';
      return 'done';
    }
    let told = '';
    const telling = inSlices(steps(), { clock, turnstile: new Turnstile(clock) }).then(
      (result) => (told = result),
    );
    await Promise.resolve();
    expect(told).toBe('');
    clock.advance(0);
    expect(await telling).toBe('done');
  });

  it('rejects with what a step throws', async () => {
    // oxlint-disable-next-line require-yield
    function* steps(): Steps<void> {
      throw new Error('no');
    }
    const clock = new FakeClock();
    await expect(inSlices(steps(), { clock, turnstile: new Turnstile(clock) })).rejects.toThrow('no');
  });
});
