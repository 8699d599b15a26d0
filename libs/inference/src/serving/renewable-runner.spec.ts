import { FakeClock, NotFound, silentLogger, Unavailable } from '@weir/base';
import { describe, expect, it } from 'vitest';
import type { VariantEntry } from '../catalogue/manifest.ts';
import { renewableRunner } from './renewable-runner.ts';
import type { Runner, RunRequest, RunResult } from './runner.ts';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A runner that says who it is, and answers when told to. */
function scripted(who: string, ...names: string[]) {
  const waiting: (() => void)[] = [];
  const log: string[] = [];
  let draining = false;
  const runner: Runner = {
    variants: names.map((name) => ({ name }) as VariantEntry),
    batchCurves: new Map(),
    labels: [],
    async run({ variant }: RunRequest) {
      if (draining) throw new Unavailable(`${who} drains`);
      if (!names.includes(variant)) throw new NotFound(`${who} has no ${variant}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { label: who } as RunResult;
    },
    load: () => ({ slots: names.length }) as ReturnType<Runner['load']>,
    slowDown: (times) => log.push(`slowed ${times}`),
    async drain() {
      draining = true;
      while (waiting.length > 0) await settle();
      log.push('drained');
    },
    async [Symbol.asyncDispose]() {
      log.push('ended');
    },
  };
  const answer = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { runner, log, answer };
}

function setUp() {
  const clock = new FakeClock();
  const [first, second] = [scripted('first', 'a', 'b'), scripted('second', 'b', 'c')];
  const runner = renewableRunner(first.runner, { clock, logger: silentLogger });
  return { clock, first, second, runner };
}
const input = { image: new Uint8Array() };

describe('a runner that is replaced', () => {
  it('finishes what it has accepted, and the next serves what comes', async () => {
    const { first, second, runner } = setUp();
    const before = runner.run({ variant: 'b', input });
    runner.replace(second.runner);
    expect([runner.variants, runner.load().slots]).toEqual([second.runner.variants, 2]);
    const after = runner.run({ variant: 'b', input });
    second.answer();
    expect((await after).label).toBe('second');
    first.answer();
    expect((await before).label).toBe('first');
  });

  it('serves for a moment what the next lacks, then ends, but not before its last answer', async () => {
    const { clock, first, second, runner } = setUp();
    runner.replace(second.runner);
    const late = runner.run({ variant: 'a', input });
    clock.advance(10_000);
    await settle();
    expect(first.log).toEqual([]);
    first.answer();
    expect((await late).label).toBe('first');
    await expect.poll(() => first.log).toEqual(['drained', 'ended']);
    await expect(runner.run({ variant: 'a', input })).rejects.toThrow('second has no a');
  });

  it('is as slow as it was told to be', () => {
    const { first, second, runner } = setUp();
    runner.slowDown(3);
    runner.replace(second.runner);
    expect([first.log, second.log]).toEqual([['slowed 3'], ['slowed 3']]);
  });

  it('ends with the one that serves', async () => {
    const { first, second, runner } = setUp();
    runner.replace(second.runner);
    await runner.drain();
    await runner[Symbol.asyncDispose]();
    expect([first.log, second.log]).toEqual([
      ['drained', 'ended'],
      ['drained', 'ended'],
    ]);
  });
});
