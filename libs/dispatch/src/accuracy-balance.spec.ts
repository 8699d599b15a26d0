import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccuracyBalance, type Reservation } from './accuracy-balance.ts';

const account = (floor = 0.8, best = 0.9) => {
  const balance = new AccuracyBalance();
  balance.configure({ floor, best });
  return balance;
};

const earn = (balance: AccuracyBalance, frames: number, accuracy = 0.9) => {
  for (let frame = 0; frame < frames; frame++) balance.answered(balance.reserve(accuracy));
};

describe('accuracy balance', () => {
  it('keeps at most twenty frames at the best accuracy', () => {
    const balance = account();
    earn(balance, 50);
    expect(balance.report()).toMatchObject({ balance: balance.cap });
    expect(balance.cap).toBeCloseTo(2);
  });

  it('makes accuracy expensive when it is empty and cheap when it is full', () => {
    const [empty, full] = [account(), account()];
    earn(full, 20);
    expect(empty.priceMs(100)).toBeCloseTo(400);
    expect(full.priceMs(100) / empty.priceMs(100)).toBeCloseTo(1 / 16, 1);
  });

  it('drifts its price up while the balance stays low, down while it stays high, within bounds', () => {
    const [low, high] = [account(), account()];
    for (let frame = 0; frame < 2_000; frame++) low.reserve(0.8);
    earn(high, 2_000);
    expect(low.priceMs(1)).toBeCloseTo(4 * Math.exp(3));
    expect(high.priceMs(1)).toBeCloseTo(0.25 * Math.exp(-3));
  });

  it('opens a new account when the floor is raised, also for frames in flight', () => {
    const balance = account();
    earn(balance, 10);
    const inFlight = balance.reserve(0.9);
    balance.configure({ floor: 0.85, best: 0.9 });
    expect(balance.balance).toBe(0);
    balance.answered(inFlight);
    expect(balance.balance).toBe(0);
  });

  it('keeps what it has when the floor is lowered', () => {
    const balance = account();
    earn(balance, 10);
    balance.configure({ floor: 0.7, best: 0.9 });
    expect(balance.balance).toBeCloseTo(1);
  });

  it('keeps what it has when the best target disappears, and spends it', () => {
    const balance = account();
    earn(balance, 10);
    balance.configure({ floor: 0.8, best: 0.75 });
    expect([balance.balance, balance.cap, balance.allows(0.75)]).toEqual([expect.closeTo(1), 0, true]);
    balance.answered(balance.reserve(0.75));
    expect(balance.balance).toBeCloseTo(0.95);
  });

  it('allows only the floor itself when nothing is better than the floor', () => {
    const balance = account(0.9, 0.9);
    earn(balance, 10, 0.9);
    expect([balance.allows(0.9), balance.allows(0.899)]).toEqual([true, false]);
  });

  it('keeps the answered frames at or above the floor at every one of them, whatever fails', () => {
    const step = fc.record({
      pick: fc.nat(3),
      end: fc.constantFrom('answer', 'fail', 'wait'),
      at: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const balance = account();
        const inFlight: { accuracy: number; reservation: Reservation }[] = [];
        let cumulative = 0;
        for (const { pick, end, at } of steps) {
          const accuracy = [0.9, 0.84, 0.77, 0.7][pick]!;
          if (balance.allows(accuracy)) inFlight.push({ accuracy, reservation: balance.reserve(accuracy) });
          if (end === 'wait' || inFlight.length === 0) continue;
          const [frame] = inFlight.splice(at % inFlight.length, 1);
          if (end === 'fail') balance.refund(frame!.reservation);
          else {
            balance.answered(frame!.reservation);
            cumulative += frame!.accuracy - 0.8;
          }
          expect(balance.balance).toBeGreaterThanOrEqual(0);
          expect(cumulative).toBeGreaterThanOrEqual(-1e-9);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
