import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccuracyBalance } from '@weir/dispatch';
import type { BalanceLedger, BalanceReport } from '@weir/domain';
import { createTransferLedger } from '@weir/learning';

const FLOOR = 0.8;
const earned = (accuracy: number) => accuracy - FLOOR;

/** A device that is always answered. */
function device() {
  const account = new AccuracyBalance();
  account.configure({ floor: FLOOR, best: 0.9 });
  let cumulative = 0;
  return {
    account,
    frame(accuracy: number) {
      if (!account.allows(accuracy)) return;
      account.answered(account.reserve(accuracy));
      cumulative += earned(accuracy);
    },
    get cumulative() {
      return cumulative;
    },
  };
}

describe('transfers', () => {
  it('moves balance from a device that earns to one that spends, debit before credit', () => {
    const ledger = createTransferLedger({ ledgerId: 'l' });
    const [rich, poor] = [device(), device()];
    ledger.join('rich');
    ledger.join('poor');
    for (let frame = 0; frame < 10; frame++) rich.frame(0.9);
    const exchange = () => {
      rich.account.applyLedger(ledger.ledgerOf('rich'));
      poor.account.applyLedger(ledger.ledgerOf('poor'));
      ledger.report('rich', rich.account.report());
      ledger.report('poor', poor.account.report());
      ledger.rebalance();
    };
    exchange();
    expect(ledger.ledgerOf('poor').creditTotal).toBe(0);
    exchange();
    exchange();
    expect(rich.account.balance).toBeCloseTo(0.5);
    expect(poor.account.balance).toBeCloseTo(0.5);
    expect(ledger.pool).toBeCloseTo(0);
  });

  it('credits a restarted device nothing that its predecessor had received', () => {
    const ledger = createTransferLedger({ ledgerId: 'l' });
    ledger.join('a');
    const before = ledger.ledgerOf('a').ledgerId;
    ledger.join('a');
    expect(ledger.ledgerOf('a')).toEqual({
      ledgerId: expect.not.stringMatching(new RegExp(`^${before}$`)) as string,
      creditTotal: 0,
      debitRequestedTotal: 0,
    });
  });

  it('never creates accuracy and never overdraws, whatever is lost, repeated or overtaken', () => {
    const [newestOrOlder, frame] = [fc.constantFrom(0, 0, 0, 0, 0, 1, 2, 5, 9), fc.constantFrom(0, 0, 1, 2)];
    const of = (what: string, weight: number, pick = newestOrOlder) => ({
      weight,
      arbitrary: fc.record({ do: fc.constant(what), device: fc.nat(3), pick }),
    });
    const step = fc.oneof(
      of('frame', 12, frame),
      of('report', 8),
      of('directive', 8),
      of('rebalance', 4),
      of('restart', 1),
    );
    const [seed] = fc.sample(fc.noBias(fc.integer()), 1);
    let moved = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 400, size: 'max' }), (steps) => {
        const ledger = createTransferLedger({ ledgerId: 'l' });
        const devices = Array.from({ length: 4 }, device);
        // Everything ever sent stays in the air and may arrive at any time, any number of times, or never.
        const reports: BalanceReport[][] = devices.map(() => []);
        let words: { version: number; ledger: BalanceLedger }[][] = devices.map(() => []);
        const versions = devices.map(() => -1);
        let cumulativeOfTheGone = 0;
        devices.forEach((_, index) => ledger.join(String(index)));
        for (const [time, { do: what, device: index, pick }] of steps.entries()) {
          const agent = devices[index]!;
          if (what === 'frame') agent.frame([0.9, 0.7, 0.8][pick]!);
          if (what === 'rebalance') ledger.rebalance();
          if (what === 'report') {
            reports[index]!.push(agent.account.report());
            const report = reports[index]!.at(-1 - (pick % reports[index]!.length))!;
            ledger.report(String(index), report);
          }
          if (what === 'directive') {
            words[index]!.push({ version: time, ledger: ledger.ledgerOf(String(index)) });
            const word = words[index]!.at(-1 - (pick % words[index]!.length))!;
            // As the dispatcher does: an older directive than the one in force is ignored.
            if (word.version >= versions[index]!) {
              versions[index] = word.version;
              agent.account.applyLedger(word.ledger);
            }
          }
          if (what === 'restart') {
            cumulativeOfTheGone += agent.cumulative;
            devices[index] = device();
            ledger.join(String(index));
            words = words.map((sent, at) => (at === index ? [] : sent));
            versions[index] = -1;
          }
          const balances = devices.map(({ account }) => account.balance);
          const cumulative = devices.reduce((sum, { cumulative: own }) => sum + own, cumulativeOfTheGone);
          moved = Math.max(moved, ...devices.map(({ account }) => account.report().creditedTotal));
          expect(Math.min(...balances, ledger.pool)).toBeGreaterThanOrEqual(-1e-9);
          expect(balances.reduce((sum, balance) => sum + balance, ledger.pool)).toBeLessThanOrEqual(
            cumulative + 1e-9,
          );
        }
      }),
      { numRuns: 300, seed: seed! },
    );
    expect(moved, `most that was moved, seed ${seed}`).toBeGreaterThan(0.1);
  });
});
