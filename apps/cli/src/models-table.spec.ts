import { describe, expect, it, vi } from 'vitest';
import { throttled } from './models-table.ts';

describe('progress of models', () => {
  it('is told at once, also by a process that has just started, then once a second, and at the end', () => {
    const told: string[] = [];
    const now = vi.spyOn(performance, 'now');
    const progress = throttled((text) => void told.push(text), new AbortController().signal);
    for (const [ms, done] of [
      [300, 1],
      [400, 2],
      [1_299, 3],
      [1_300, 4],
      [1_301, 5],
    ] as const) {
      now.mockReturnValue(ms);
      progress({ task: 'small', done, total: 5 });
    }
    now.mockRestore();
    expect(told).toEqual(['small: 1 of 5', 'small: 4 of 5', 'small: 5 of 5']);
  });

  it('ends what is under way once it is interrupted', () => {
    const stop = new AbortController();
    const progress = throttled(() => {}, stop.signal);
    stop.abort(new Error('interrupted'));
    expect(() => progress({ task: 'small', done: 1, total: 5 })).toThrow('interrupted');
  });
});
