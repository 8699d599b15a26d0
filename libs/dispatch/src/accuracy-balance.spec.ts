import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccuracyBalance, type Reservation } from './accuracy-balance.ts';

const account = (floor = 0.8, best = 0.9) => {
  const balance = new AccuracyBalance();
  balance.configure({ floor, best });
  return balance;
};

/** A number up to rounding, within an object. */
const about = (value: number) => expect.closeTo(value) as number;

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

  it('pays what it owes before it keeps anything, out of the cell’s credit too', () => {
    const balance = account();
    balance.answered(balance.reserve(0.8), 0.3);
    expect([balance.balance, balance.overdue]).toEqual([0, false]);
    balance.applyLedger({ ledgerId: 'l', creditTotal: 0.2, debitRequestedTotal: 0 });
    expect(balance.balance).toBe(0);
    balance.applyLedger({ ledgerId: 'l', creditTotal: 0.5, debitRequestedTotal: 0 });
    expect(balance.report()).toMatchObject({ balance: about(0.2), creditedTotal: about(0.5) });
  });

  it('owes on when the floor is raised, and makes accuracy dearer meanwhile', () => {
    const [owing, empty] = [account(), account()];
    owing.answered(owing.reserve(0.8), 0.7);
    empty.answered(empty.reserve(0.8));
    owing.configure({ floor: 0.81, best: 0.9 });
    expect(owing.overdue).toBe(true);
    for (const balance of [owing, empty]) balance.reserve(0.81);
    expect(owing.priceMs(1)).toBeGreaterThan(empty.priceMs(1));
  });

  it('takes a deficit at once and gives it back when the frame fails', () => {
    const balance = account();
    earn(balance, 10);
    const inFlight = balance.reserve(0.7);
    expect(balance.balance).toBeCloseTo(0.9);
    balance.refund(inFlight);
    expect(balance.balance).toBeCloseTo(1);
  });

  it('takes no more than there is from a frame that goes below it, and gives no more back', () => {
    const balance = account();
    earn(balance, 1);
    const obeyed = balance.reserve(0.6);
    expect([balance.balance, obeyed.debit]).toEqual([0, about(0.1)]);
    balance.refund(obeyed);
    expect(balance.balance).toBeCloseTo(0.1);
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
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
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
      { numRuns: 300 },
    );
  });

  it('stays at or above 0, at or below what was earned, in any order of events', () => {
    // Even over their range, which fc.double is not: most of its numbers are next to 0.
    const amount = fc.integer({ min: 0, max: 100 }).map((value) => value / 100);
    const total = fc.integer({ min: 0, max: 1_000 }).map((value) => value / 100);
    const event = fc.oneof(
      { weight: 4, arbitrary: fc.record({ reserve: amount }) },
      { weight: 3, arbitrary: fc.record({ settle: fc.nat(), ok: fc.boolean() }) },
      fc.record({ floor: amount, best: amount }),
      fc.record({
        ledgerId: fc.constantFrom('a', 'b'),
        creditTotal: total,
        debitRequestedTotal: total,
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200, size: 'max' }), (events) => {
        const balance = account();
        const inFlight: Reservation[] = [];
        let mostEver = balance.cap;
        for (const event of events) {
          const before = balance.report();
          if ('reserve' in event) inFlight.push(balance.reserve(event.reserve));
          else if ('settle' in event) {
            const [reservation] = inFlight.splice(event.settle % Math.max(1, inFlight.length), 1);
            if (reservation && event.ok) balance.answered(reservation);
            else if (reservation) balance.refund(reservation);
          } else if ('floor' in event) balance.configure(event);
          else {
            balance.applyLedger(event);
            const { ledgerId, balance: now, debitedTotal, creditedTotal } = balance.report();
            // What is told to the ledger is what has moved.
            const known = ledgerId === before.ledgerId ? before : { debitedTotal: 0, creditedTotal: 0 };
            const moved = creditedTotal - known.creditedTotal - (debitedTotal - known.debitedTotal);
            expect(now - before.balance).toBeCloseTo(moved, 9);
          }
          mostEver = Math.max(mostEver, balance.cap);
          expect(balance.balance).toBeGreaterThanOrEqual(0);
          expect(balance.balance).toBeLessThanOrEqual(mostEver);
        }
      }),
    );
  });

  it('pays no refund of an old account into the new one', () => {
    const balance = account();
    earn(balance, 10);
    const inFlight = balance.reserve(0.7);
    balance.configure({ floor: 0.85, best: 0.9 });
    balance.refund(inFlight);
    expect(balance.balance).toBe(0);
  });
});

describe('accuracy balance and the ledger of its cell', () => {
  const ledger = (creditTotal: number, debitRequestedTotal: number, ledgerId = 'l') => ({
    ledgerId,
    creditTotal,
    debitRequestedTotal,
  });

  it('gives what is asked for, once, however often it is told', () => {
    const balance = account();
    earn(balance, 10);
    for (let time = 0; time < 3; time++) balance.applyLedger(ledger(0, 0.4));
    expect(balance.report()).toMatchObject({ balance: about(0.6), debitedTotal: 0.4 });
    balance.applyLedger(ledger(0, 0.5));
    expect(balance.balance).toBeCloseTo(0.5);
  });

  it('gives no more than it has, and the rest once it has earned more', () => {
    const balance = account();
    earn(balance, 3);
    balance.applyLedger(ledger(0, 0.5));
    expect(balance.report()).toMatchObject({ balance: 0, debitedTotal: about(0.3) });
    earn(balance, 4);
    balance.applyLedger(ledger(0, 0.5));
    expect(balance.report()).toMatchObject({
      balance: about(0.2),
      debitedTotal: about(0.5),
    });
  });

  it('takes what fits under its cap, and the rest once there is room', () => {
    const balance = account();
    earn(balance, 15);
    balance.applyLedger(ledger(0.8, 0));
    expect(balance.report()).toMatchObject({
      balance: about(2),
      creditedTotal: about(0.5),
    });
    for (let frame = 0; frame < 5; frame++) balance.answered(balance.reserve(0.7));
    balance.applyLedger(ledger(0.8, 0));
    expect(balance.report()).toMatchObject({
      balance: about(1.8),
      creditedTotal: about(0.8),
    });
  });

  it('starts the totals of a new ledger at 0', () => {
    const balance = account();
    earn(balance, 10);
    balance.applyLedger(ledger(0, 0.4));
    balance.applyLedger(ledger(0, 0.1, 'another'));
    expect(balance.report()).toMatchObject({ ledgerId: 'another', debitedTotal: about(0.1) });
    expect(balance.balance).toBeCloseTo(0.5);
  });

  it('moves nothing without a floor', () => {
    const balance = new AccuracyBalance();
    balance.applyLedger(ledger(1, 1));
    expect(balance.report()).toMatchObject({ balance: 0, debitedTotal: 0, creditedTotal: 0 });
  });
});
