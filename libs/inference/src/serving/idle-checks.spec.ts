import { FakeClock, silentLogger, Unavailable } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { startIdleChecks } from './idle-checks.ts';
import type { RunRequest, RunResult } from './runner.ts';

const input = { image: new Uint8Array() };
const variants = [
  { name: 'large', input },
  { name: 'small', input },
];

/** A processor on which each inference takes as long as said; it counts them. */
function processor({ fails = false } = {}) {
  const ran: string[] = [];
  const state = { tookMs: 120, inService: 0 };
  let free: Promise<void> = Promise.resolve();
  /** What comes from now on takes until the returned function is called. */
  const occupy = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    free = promise;
    return resolve;
  };
  const runner = {
    async run({ variant }: RunRequest) {
      ran.push(variant);
      if (fails) throw new Unavailable('the node drains');
      await free;
      return { decodeMs: 20, computeMs: state.tookMs - 20 } as RunResult;
    },
    load: () => ({
      slots: 1,
      inService: state.inService,
      queued: 0,
      backlogMs: 0,
      meanBacklogMs: 0,
      congestionPerMs: 0,
      utilization: 0,
    }),
  };
  const clock = new FakeClock();
  const checked: [string, number][] = [];
  const checks = startIdleChecks({
    runner,
    variants: () => variants,
    periodMs: 10_000,
    clock,
    logger: silentLogger,
    onChecked: (variant, serviceMs) => checked.push([variant, serviceMs]),
  });
  return { ran, state, clock, checked, checks, occupy };
}
const settled = () => new Promise(setImmediate);

describe('an idle processor', () => {
  it('runs one variant each period, in turn, and reports its time', async () => {
    const { clock, checked, state } = processor();
    clock.advance(10_000);
    await settled();
    state.tookMs = 300;
    clock.advance(10_000);
    await settled();
    expect(checked).toEqual([
      ['large', 120],
      ['small', 300],
    ]);
  });

  it('measures a short run three times', async () => {
    const { clock, state, ran } = processor();
    state.tookMs = 30;
    clock.advance(10_000);
    await settled();
    expect(ran).toEqual(['large', 'large', 'large']);
  });

  it('is not checked while in use, nor for a period afterwards', async () => {
    const { clock, checks, checked, ran } = processor();
    clock.advance(9_000);
    await checks.run({ variant: 'small', input });
    clock.advance(10_000);
    await settled();
    expect(checked).toEqual([]);
    clock.advance(1_000);
    await settled();
    expect(checked).toEqual([['large', 120]]);
    expect(ran).toEqual(['small', 'large']);
  });

  it('is not checked during a long inference', async () => {
    const { clock, state, ran } = processor();
    state.inService = 1;
    clock.advance(30_000);
    await settled();
    expect(ran).toEqual([]);
  });

  it('discards a check during which a frame arrived', async () => {
    const { clock, checks, checked } = processor();
    clock.advance(10_000);
    void checks.run({ variant: 'small', input });
    await settled();
    expect(checked).toEqual([]);
  });

  it('counts as idle between background inferences, and is not checked beside one', async () => {
    const { clock, checks, checked, ran, occupy } = processor();
    const over = occupy();
    const aside = checks.run({ variant: 'aside', input, background: true });
    clock.advance(10_000);
    await settled();
    expect(ran).toEqual(['aside']);
    over();
    await aside;
    clock.advance(10_000);
    void checks.run({ variant: 'aside', input, background: true });
    await settled();
    expect(checked).toEqual([]);
    clock.advance(10_000);
    await settled();
    expect(checked).toEqual([['small', 120]]);
  });

  it('ignores a failed check, and carries on', async () => {
    const { clock, checked, ran } = processor({ fails: true });
    clock.advance(20_000);
    await settled();
    expect(checked).toEqual([]);
    expect(ran).toEqual(['large', 'small']);
  });

  it('is not checked after disposal', async () => {
    const { clock, checks, ran } = processor();
    checks[Symbol.dispose]();
    clock.advance(60_000);
    await settled();
    expect(ran).toEqual([]);
  });
});
