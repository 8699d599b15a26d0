import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { Crowd } from './crowd.ts';

function crowd() {
  const clock = new FakeClock(10_000);
  const served: number[] = [];
  const waiting = new Crowd(clock, () => served.push(clock.now() - 10_000));
  /** One comes at each of these times, ms. */
  const come = (...times: number[]) => {
    for (const at of times) {
      clock.advance(10_000 + at - clock.now());
      waiting.comes();
    }
    clock.advance(2_000);
  };
  return { clock, waiting, served, come };
}

describe('a crowd', () => {
  it('is served at once while each comes alone', () => {
    const { served, come } = crowd();
    come(0, 500, 1_000);
    expect(served).toEqual([0, 500, 1_000]);
  });

  it('is served together after its first, once nobody has come for a moment', () => {
    const { served, come } = crowd();
    come(0, 10, 40, 80);
    expect(served).toEqual([0, 130]);
  });

  it('that does not end is served every half second', () => {
    const { served, come } = crowd();
    come(...Array.from({ length: 60 }, (_, at) => 20 * at));
    expect(served).toEqual([0, 520, 1_020, 1_230]);
  });

  it('that is sent home is not served', () => {
    const { served, waiting, come, clock } = crowd();
    come(0);
    waiting.comes();
    clock.advance(1);
    waiting.comes();
    waiting[Symbol.dispose]();
    clock.advance(1_000);
    expect(served).toEqual([0, 2_000]);
  });
});
