import type { BalanceReport } from '@weir/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EarnedBalances } from './earned-balances.ts';
import { createTransferLedger, type TransferLedger } from './transfers.ts';

const report = (ledger: TransferLedger, deviceId: string, given: Partial<BalanceReport>): BalanceReport => ({
  ledgerId: ledger.ledgerOf(deviceId).ledgerId,
  balance: 0,
  cap: 2,
  debitedTotal: 0,
  creditedTotal: 0,
  ...given,
});

function ledgerOf(...devices: readonly string[]) {
  const ledger = createTransferLedger({ ledgerId: 'l' });
  for (const deviceId of devices) ledger.join(deviceId);
  return ledger;
}

describe('a transfer ledger', () => {
  it('takes what a device spends a second for what it will need, however often it reports', () => {
    const creditedAfter = (everyMs: number) => {
      let now = 0;
      const ledger = createTransferLedger({ ledgerId: 'l', now: () => now });
      for (const deviceId of ['spender', 'other']) ledger.join(deviceId);
      const tell = (deviceId: string, balance: number) =>
        ledger.report(deviceId, report(ledger, deviceId, { balance }));
      for (; now <= 20_000; now += everyMs) tell('spender', 2 - now / 10_000);
      tell('other', 2);
      ledger.rebalance();
      return ledger.ledgerOf('other').debitRequestedTotal;
    };
    expect(creditedAfter(5_000)).toBeCloseTo(creditedAfter(1_000), 1);
    expect(creditedAfter(1_000)).toBeGreaterThan(1);
  });
});

describe('a transfer ledger and dishonest devices', () => {
  it('counts no debit that nobody asked for', () => {
    const ledger = ledgerOf('liar', 'poor');
    ledger.report('liar', report(ledger, 'liar', { debitedTotal: 1_000 }));
    expect(ledger.pool).toBe(0);
    ledger.report('poor', report(ledger, 'poor', {}));
    ledger.rebalance();
    expect(ledger.ledgerOf('poor').creditTotal).toBe(0);
  });

  it('counts a debit up to what was asked for, once', () => {
    const ledger = ledgerOf('rich', 'poor');
    ledger.report('rich', report(ledger, 'rich', { balance: 2 }));
    ledger.report('poor', report(ledger, 'poor', {}));
    ledger.rebalance();
    const { debitRequestedTotal } = ledger.ledgerOf('rich');
    expect(debitRequestedTotal).toBeCloseTo(1);
    for (let i = 0; i < 3; i++)
      ledger.report('rich', report(ledger, 'rich', { balance: 1, debitedTotal: 50 }));
    expect(ledger.pool).toBeCloseTo(debitRequestedTotal);
  });

  it('credits what was given once, however many are in need', () => {
    const ledger = ledgerOf('rich', 'poor', 'poorer');
    const tell = (deviceId: string, given: Partial<BalanceReport> = {}) =>
      ledger.report(deviceId, report(ledger, deviceId, given));
    tell('rich', { balance: 2 });
    for (const deviceId of ['poor', 'poorer']) tell(deviceId);
    ledger.rebalance();
    const { debitRequestedTotal: given } = ledger.ledgerOf('rich');
    tell('rich', { balance: 2 - given, debitedTotal: given });
    for (let round = 0; round < 3; round++) ledger.rebalance();
    const credited = ledger.ledgerOf('poor').creditTotal + ledger.ledgerOf('poorer').creditTotal;
    expect(credited).toBeGreaterThan(0.5 * given);
    expect(ledger.pool).toBeCloseTo(given - credited);
  });

  describe('where it is known what was earned', () => {
    const setUp = (...devices: readonly string[]) => {
      const earned = new EarnedBalances();
      const ledger = createTransferLedger({ ledgerId: 'l', earned, mostCap: () => 2 });
      for (const deviceId of devices) ledger.join(deviceId);
      const tell = (deviceId: string, given: Partial<BalanceReport> = {}) =>
        ledger.report(deviceId, report(ledger, deviceId, given));
      return { ledger, earned, tell };
    };

    it('asks for no more than that, and counts no more, however often it is told', () => {
      const { ledger, earned, tell } = setUp('liar', 'poor');
      earned.add('liar', 0.5);
      for (let round = 0; round < 20; round++) {
        const { debitRequestedTotal: debitedTotal } = ledger.ledgerOf('liar');
        tell('liar', { balance: 20, cap: 20, debitedTotal });
        tell('poor');
        ledger.rebalance();
      }
      expect(ledger.ledgerOf('liar').debitRequestedTotal).toBeLessThanOrEqual(0.5);
      expect(ledger.ledgerOf('poor').creditTotal).toBeLessThanOrEqual(0.5);
    });

    it('counts the rest of a debit once its outcomes have come', () => {
      const { ledger, earned, tell } = setUp('rich', 'poor');
      earned.add('rich', 2);
      tell('rich', { balance: 2 });
      tell('poor');
      ledger.rebalance();
      const { debitRequestedTotal: given } = ledger.ledgerOf('rich');
      expect(given).toBeCloseTo(1);
      // Its frames have cost something since, and their outcomes came before those of what it earned.
      earned.add('rich', -1.4);
      tell('rich', { balance: 1, debitedTotal: given });
      expect(ledger.pool).toBeCloseTo(0.6);
      earned.add('rich', 1.4);
      tell('rich', { balance: 1, debitedTotal: given });
      expect(ledger.pool).toBeCloseTo(1);
      expect(earned.of('rich')).toBeCloseTo(1);
    });

    it('gives nothing to a device that holds more than it says', () => {
      const { ledger, earned, tell } = setUp('miser', 'rich', 'poor');
      for (const deviceId of ['miser', 'rich']) earned.add(deviceId, 2);
      for (let round = 0; round < 10; round++) {
        const { debitRequestedTotal: debitedTotal } = ledger.ledgerOf('rich');
        tell('miser', { cap: 20 });
        tell('rich', { balance: 2 - debitedTotal, debitedTotal });
        tell('poor', { balance: 0, creditedTotal: ledger.ledgerOf('poor').creditTotal });
        ledger.rebalance();
      }
      expect(ledger.ledgerOf('miser').creditTotal).toBe(0);
      expect(ledger.ledgerOf('poor').creditTotal).toBeGreaterThan(0.5);
    });
  });

  const figures = ['balance', 'cap', 'debitedTotal', 'creditedTotal'] as const;
  const noFigures = [NaN, -1, Infinity, 2e9];
  it.each(figures.flatMap((figure) => noFigures.map((value) => [figure, value] as const)))(
    'believes nothing of a report whose %s is %d',
    (figure, value) => {
      const ledger = ledgerOf('liar', 'poor');
      ledger.report('liar', report(ledger, 'liar', { balance: 2, [figure]: value }));
      ledger.report('poor', report(ledger, 'poor', {}));
      ledger.rebalance();
      expect(ledger.pool).toBe(0);
      for (const deviceId of ['liar', 'poor'])
        expect(ledger.ledgerOf(deviceId)).toMatchObject({ creditTotal: 0, debitRequestedTotal: 0 });
    },
  );

  it('keeps its totals finite, rising and covered by what was asked for, whatever is claimed', () => {
    const claim = fc.oneof(
      fc.constantFrom(0, 1, -1, NaN, Infinity, 1e308, 1e9),
      fc.double({ min: 0, max: 30, noNaN: true }),
    );
    const step = fc.record({
      device: fc.constantFrom('a', 'b', 'c'),
      claim: fc.record({ balance: claim, cap: claim, debitedTotal: claim, creditedTotal: claim }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const ledger = ledgerOf('a', 'b', 'c');
        let before = { credited: 0 };
        const asked = new Map<string, number>();
        for (const { device, claim: claims } of steps) {
          ledger.report(device, report(ledger, device, claims));
          ledger.rebalance();
          let credited = 0;
          for (const id of ['a', 'b', 'c']) {
            const { creditTotal, debitRequestedTotal } = ledger.ledgerOf(id);
            asked.set(id, Math.max(asked.get(id) ?? 0, debitRequestedTotal));
            credited += creditTotal;
          }
          const total = [...asked.values()].reduce((sum, each) => sum + each, 0);
          expect(Number.isFinite(ledger.pool) && ledger.pool >= -1e-9).toBe(true);
          expect(credited).toBeGreaterThanOrEqual(before.credited);
          expect(ledger.pool + credited).toBeLessThanOrEqual(total + 1e-6);
          before = { credited };
        }
      }),
    );
  });
});

describe('a transfer ledger and messages that are late', () => {
  /** A ledger whose `rich` was asked for 1 and has given half of it. */
  function underWay() {
    const ledger = ledgerOf('rich', 'poor');
    const first = report(ledger, 'rich', { balance: 2 });
    ledger.report('rich', first);
    ledger.report('poor', report(ledger, 'poor', {}));
    ledger.rebalance();
    ledger.report('rich', report(ledger, 'rich', { balance: 1.5, debitedTotal: 0.5 }));
    return { ledger, first };
  }

  it('learns nothing from a report that a newer one has overtaken', () => {
    const { ledger, first } = underWay();
    expect(ledger.pool).toBeCloseTo(0.5);
    ledger.report('rich', first);
    expect(ledger.pool).toBeCloseTo(0.5);
  });

  it('opens a new account for a new session, and knows nothing by the reports of the former', () => {
    const { ledger, first } = underWay();
    const { ledgerId } = ledger.ledgerOf('rich');
    ledger.join('rich');
    expect(ledger.ledgerOf('rich')).toMatchObject({ creditTotal: 0, debitRequestedTotal: 0 });
    expect(ledger.ledgerOf('rich').ledgerId).not.toBe(ledgerId);
    ledger.report('rich', first);
    ledger.rebalance();
    expect(ledger.ledgerOf('rich')).toMatchObject({ debitRequestedTotal: 0 });
  });
});

describe('a transfer ledger and devices that spend', () => {
  it('gives in advance to the one that spends from report to report', () => {
    const ledger = ledgerOf('rich', 'steady', 'spender');
    const tell = (deviceId: string, balance: number, debitedTotal = 0) =>
      ledger.report(deviceId, report(ledger, deviceId, { cap: 20, balance, debitedTotal }));
    for (let round = 20; round >= 0; round--) {
      tell('rich', 20);
      tell('steady', 0.4);
      tell('spender', 0.4 + 0.9 * round);
    }
    ledger.rebalance();
    const { debitRequestedTotal } = ledger.ledgerOf('rich');
    tell('rich', 20 - debitRequestedTotal, debitRequestedTotal);
    ledger.rebalance();
    const credit = (deviceId: string) => ledger.ledgerOf(deviceId).creditTotal;
    expect(credit('steady')).toBeGreaterThan(0);
    expect(credit('spender')).toBeGreaterThan(credit('steady') + 0.5);
  });
});
