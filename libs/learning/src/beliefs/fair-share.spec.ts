import { describe, expect, it } from 'vitest';
import { FairShare } from './fair-share.ts';

const weights = (share: FairShare, reporters: string) =>
  [...reporters].map((reporter) => share.weigh(reporter));

describe('fair shares', () => {
  it('give full weight to whoever reports alone, or no more than the others', () => {
    expect(weights(new FairShare(), 'aaaa')).toEqual([1, 1, 1, 1]);
    expect(weights(new FairShare(), 'abcabcabc').at(-1)).toBe(1);
  });

  it('give a reporter that floods no more than an equal share of the newest in all', () => {
    const share = new FairShare();
    weights(share, 'abbbbbbbb');
    // Of ten two reporters have five each, and b has sent nine.
    expect(share.weigh('b')).toBeCloseTo(5 / 9);
    expect(share.weigh('a')).toBe(1);
  });

  it('are the same after a restart', () => {
    const share = new FairShare();
    weights(share, 'abbbbbbbb');
    const again = new FairShare();
    again.restore(share.state());
    expect(weights(again, 'bacc')).toEqual(weights(share, 'bacc'));
  });

  it('know of others only among the newest', () => {
    const share = new FairShare();
    share.weigh('a');
    expect([share.hasOthers('a'), share.hasOthers('b')]).toEqual([false, true]);
    for (let i = 0; i < 32; i++) share.weigh('b');
    expect(share.hasOthers('b')).toBe(false);
  });
});
