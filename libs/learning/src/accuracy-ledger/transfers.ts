import type { BalanceLedger, BalanceReport } from '@weir/domain';
import type { EarnedBalances } from './earned-balances.ts';

/** Differences below this share of a device's cap are not worth a transfer. */
const DEADBAND = 0.05;

/** Weight of the newest second in the measured drain of a device. */
const DRAIN_WEIGHT = 1 / 8;

/** Largest cap that is believed, frames × accuracy: twenty frames at an accuracy of 1 over a floor of 0. */
const MOST_CAP = 20;

/** Largest total that is believed; beyond, sums of accuracies lose their last digits. */
const MOST_TOTAL = 1e9;

/**
 * Shares earned accuracy between the devices of a cell, as running totals per device. A donor's debit is reported
 * before a recipient is credited, so that the sum of all balances never exceeds what was earned, whatever messages are
 * lost, repeated or overtaken. A device that shares nothing (because its floor is its own) does not join.
 */
export interface TransferLedger {
  /**
   * Opens an account with totals at 0: call it for every new session, so that an agent that has lost its balance is
   * not credited again with what it had received before. What was under way to the former session is lost.
   */
  join(deviceId: string): void;
  leave(deviceId: string): void;
  /**
   * A device's newest report; of another ledger: ignored. What the device spent a second between its reports is taken for what
   * it will spend until it is helped: devices that deviate much do not spend what was planned. A report is a claim: a debit
   * counts up to what was asked for and, with `earned`, up to what the device is known to hold; the rest of it counts as
   * soon as more is known.
   */
  report(deviceId: string, report: BalanceReport): void;
  /** Asks the rich and credits the poor from what has been given; every 1–2 s. */
  rebalance(): void;
  /** What the device's next directive says; zero totals of ledger '' for a device that did not join. */
  ledgerOf(deviceId: string): BalanceLedger;
  /** Given and not yet credited, frames × accuracy. */
  readonly pool: number;
}

interface Account {
  readonly ledgerId: string;
  creditTotal: number;
  debitRequestedTotal: number;
  /** The most that was ever asked for: an agent may still obey an older request. */
  mostRequestedTotal: number;
  debitedTotal: number;
  /** Of that, what is in the pool or was credited to others. */
  countedTotal: number;
  creditedTotal: number;
  balance: number;
  cap: number;
  /** Spent beyond what was earned, a second, transfers apart: what it will need until it is helped. */
  drained: number;
  /** Of the newest report, ms; undefined before the first. */
  reportedAt: number | undefined;
}

export interface TransferLedgerOptions {
  /** New whenever the pool is lost (a restart) or the floor changes, since accuracy was earned over a floor. */
  readonly ledgerId: string;
  /** What devices are known to hold: nobody gives more, or needs more than is missing of that. @default all is believed */
  readonly earned?: EarnedBalances;
  /** Largest cap that a device of this cell can have, frames × accuracy. @default what any can have */
  readonly mostCap?: () => number;
  /** The time, ms. @default each report comes a second after the one before */
  readonly now?: () => number;
}

export function createTransferLedger({
  ledgerId,
  earned: known,
  mostCap = () => MOST_CAP,
  now,
}: TransferLedgerOptions): TransferLedger {
  const accounts = new Map<string, Account>();
  let opened = 0;
  let pool = 0;
  /** A millisecond at least: what is spent in no time is no rate. */
  const secondsSince = (at: number | undefined) =>
    at === undefined || !now ? 1 : Math.max(1, now() - at) / 1_000;

  return {
    get pool() {
      return pool;
    },
    join(deviceId) {
      accounts.set(deviceId, {
        ledgerId: `${ledgerId}/${++opened}`,
        creditTotal: 0,
        debitRequestedTotal: 0,
        mostRequestedTotal: 0,
        debitedTotal: 0,
        countedTotal: 0,
        creditedTotal: 0,
        balance: 0,
        cap: 0,
        drained: 0,
        reportedAt: undefined,
      });
    },
    leave(deviceId) {
      accounts.delete(deviceId);
    },
    report(deviceId, report) {
      const account = accounts.get(deviceId);
      if (!account || report.ledgerId !== account.ledgerId || !isSound(report)) return;
      const cap = Math.max(0, Math.min(report.cap, MOST_CAP, mostCap()));
      const balance = Math.min(report.balance, cap);
      const creditedTotal = Math.min(report.creditedTotal, account.creditTotal);
      const debitedTotal = Math.min(report.debitedTotal, account.mostRequestedTotal);
      // Reports may overtake each other: totals only rise, and an older report tells nothing new.
      if (debitedTotal < account.debitedTotal || creditedTotal < account.creditedTotal) return;
      known?.add(deviceId, creditedTotal - account.creditedTotal);
      const open = debitedTotal - account.countedTotal;
      const counted = known ? Math.min(open, known.of(deviceId)) : open;
      known?.add(deviceId, -counted);
      account.countedTotal += counted;
      pool += counted;
      const earned =
        balance -
        account.balance -
        (creditedTotal - account.creditedTotal) +
        (debitedTotal - account.debitedTotal);
      const seconds = secondsSince(account.reportedAt);
      account.drained += (1 - (1 - DRAIN_WEIGHT) ** seconds) * (-earned / seconds - account.drained);
      account.reportedAt = now?.();
      account.debitedTotal = debitedTotal;
      account.creditedTotal = creditedTotal;
      account.balance = balance;
      account.cap = cap;
    },
    rebalance() {
      const entries = [...accounts].filter(([, { cap }]) => cap > 0);
      const capped = entries.map(([, account]) => account);
      // Who claims to be poor holds at least what it is known to hold; who claims to be rich makes nobody else poor.
      const held = entries.map(([deviceId, { cap }]) => known && Math.min(cap, known.of(deviceId)));
      const underway = capped.map(({ creditTotal, creditedTotal }) => creditTotal - creditedTotal);
      const expected = capped.map(({ balance }, at) => Math.max(balance, held[at] ?? 0) + underway[at]!);
      const certain = capped.map(({ balance }, at) => (held[at] ?? balance) + underway[at]!);
      const target = targets(capped, sum(certain) + pool);
      const short = capped.map((account, index) => {
        const missing = target[index]! - expected[index]!;
        // The request is what remains open; asking anew replaces it, and never takes back what was given.
        const wanted = -missing > DEADBAND * account.cap ? -missing : 0;
        const surplus = Math.min(wanted, held[index] ?? wanted);
        account.debitRequestedTotal = account.debitedTotal + surplus;
        account.mostRequestedTotal = Math.max(account.mostRequestedTotal, account.debitRequestedTotal);
        return missing > DEADBAND * account.cap ? missing : 0;
      });
      const wanted = sum(short);
      if (wanted <= 0) return;
      const share = Math.min(1, pool / wanted);
      for (const [index, account] of capped.entries()) {
        const credit = Math.min(pool, short[index]! * share);
        account.creditTotal += credit;
        pool -= credit;
      }
    },
    ledgerOf(deviceId) {
      const account = accounts.get(deviceId);
      if (!account) return { ledgerId: '', creditTotal: 0, debitRequestedTotal: 0 };
      const { ledgerId: id, creditTotal, debitRequestedTotal } = account;
      return { ledgerId: id, creditTotal, debitRequestedTotal };
    },
  };
}

/** The same share of its cap for every device, hence the same price of accuracy, and what it will spend. */
function targets(accounts: readonly Account[], total: number): number[] {
  const ahead = accounts.map(({ drained, cap }) => Math.min(cap / 2, Math.max(0, drained)));
  const aheadTotal = sum(ahead);
  const affordable = aheadTotal > 0 ? Math.min(1, total / aheadTotal) : 0;
  const rest = Math.max(0, total - aheadTotal * affordable);
  const caps = sum(accounts.map(({ cap }) => cap));
  return accounts.map(({ cap }, index) => Math.min(cap, ahead[index]! * affordable + (rest * cap) / caps));
}

const isSound = ({ balance, cap, debitedTotal, creditedTotal }: BalanceReport): boolean =>
  [balance, cap, debitedTotal, creditedTotal].every((value) => value >= 0 && value <= MOST_TOTAL);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
