import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RescueWindows } from './rescue-windows.ts';

describe('windows for rescues', () => {
  it('end as late as they may', () => {
    const windows = new RescueWindows();
    expect(windows.take(1_000, 100)).toMatchObject({ from: 900, to: 1_000 });
    expect(windows.take(1_300, 100)).toMatchObject({ from: 1_200, to: 1_300 });
  });

  it('come one after the other for frames that were sent at once', () => {
    const windows = new RescueWindows();
    const begins = [1_000, 1_000, 1_020, 1_000].map((by) => windows.take(by, 100).from);
    expect(begins).toEqual([900, 800, 700, 600]);
  });

  it('lie in a gap that is long enough', () => {
    const windows = new RescueWindows();
    for (const by of [1_000, 1_250]) windows.take(by, 100);
    expect(windows.take(1_250, 100).from).toBe(1_050);
    expect(windows.take(1_250, 60).from).toBe(840);
  });

  it('are free again once released, however often that is said', () => {
    const windows = new RescueWindows();
    const first = windows.take(1_000, 100);
    windows.take(1_000, 100);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(windows.take(1_000, 100).from).toBe(900);
    expect(windows.take(1_000, 100).from).toBe(700);
  });

  it('never overlap', () => {
    const steps = fc.array(
      fc.record({ by: fc.nat(500), ms: fc.integer({ min: 1, max: 50 }), release: fc.boolean() }),
    );
    fc.assert(
      fc.property(steps, (asked) => {
        const windows = new RescueWindows();
        const held: ReturnType<RescueWindows['take']>[] = [];
        for (const { by, ms, release } of asked) {
          const window = windows.take(by, ms);
          expect(window.to).toBeLessThanOrEqual(by);
          expect(window.to - window.from).toBe(ms);
          expect(held.every(({ from, to }) => to <= window.from || from >= window.to)).toBe(true);
          if (release) window[Symbol.dispose]();
          else held.push(window);
        }
      }),
    );
  });
});
