import { describe, expect, it } from 'vitest';
import type { Answer, Question } from './pool.fixture.ts';
import { runThreads } from './pool.ts';

function ask(questions: readonly Question[], signal = new AbortController().signal) {
  const told: number[] = [];
  const answers = runThreads<Question, Answer>(questions, {
    workers: 2,
    signal,
    onProgress: (share) => told.push(share),
    script: new URL('./pool.fixture.ts', import.meta.url),
    work: () => 1,
  });
  return { answers, told };
}
const numbers = [1, 2, 3, 4, 5];

describe('runThreads', () => {
  it('runs more jobs than there are threads, with results in the order of the jobs, and tells its progress', async () => {
    const { answers, told } = ask(numbers.map((number) => ({ number })));
    const all = await answers;
    expect(all.map(({ number }) => number)).toEqual(numbers);
    expect(new Set(all.map(({ thread }) => thread)).size).toBeLessThanOrEqual(2);
    expect(told[0]).toBeCloseTo(0.5 / numbers.length, 9);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBeCloseTo(1, 9);
  });

  it.each([
    ['a job that fails, by its message', 'error', 'no answer to 3'],
    [
      'a thread that ends, by its job',
      'exit',
      'the worker of {"number":3,"as":"exit"} ended without a result',
    ],
  ] as const)('rejects for %s', async (_what, as, message) => {
    const { answers } = ask([{ number: 1 }, { number: 2, as: 'never' }, { number: 3, as }, { number: 4 }]);
    await expect(answers).rejects.toThrow(message);
  });

  it('has ended its threads, also those that do not come to an end, when it rejects with the reason of an abort', async () => {
    const controller = new AbortController();
    const ticks = new SharedArrayBuffer(4);
    const count = new Int32Array(ticks);
    const { answers } = ask([{ number: 1, as: 'never', ticks }], controller.signal);
    await expect.poll(() => Atomics.load(count, 0)).toBeGreaterThan(0);
    controller.abort(new Error('enough'));
    await expect(answers).rejects.toThrow('enough');
    expect(Atomics.wait(count, 0, Atomics.load(count, 0), 50)).toBe('timed-out');
  });
});
