import type { BalanceLedger, BalanceReport } from '@weir/domain';

/** Rounding of sums of accuracies; far below what one frame can spend. */
const ROUNDING = 1e-12;

/** cap = CAP_FRAMES · max(0, best accuracy − floor), frames × accuracy. Source: docs/learning.md, "On the device". */
const CAP_FRAMES = 20;

/** Integral gain of m: each frame adds PRICE_GAIN · (1/2 − b/cap), so an empty balance raises the price by 1 % a frame. */
const PRICE_GAIN = 0.02;

/** |m| <= this (anti-windup): within e^±3 of the plan's price, it recovers quickly when conditions change. */
const PRICE_EXPONENT_LIMIT = 3;

/** From so much debt on, in frames × accuracy, only frames that are at the floor by themselves are allowed. */
const DEBT_LIMIT = 0.5;

/** What one frame has reserved; settle it once, by `answered` or `refund`. */
export interface Reservation {
  /** The deficit, taken from the balance when the frame was dispatched, >= 0. */
  readonly debit: number;
  /** The surplus, added to the balance once the frame is answered, >= 0. */
  readonly credit: number;
  /** What the balance could not cover, owed once the frame is answered, >= 0. */
  readonly owed: number;
  /** Account it belongs to: a higher floor opens a new one, and old reservations then settle nothing. */
  readonly account: number;
}

/**
 * b: accuracy a device has earned above its floor and not yet spent, in frames × accuracy. Never below 0: a
 * frame's deficit is taken at dispatch, its surplus added only once it is answered, so the answered
 * frames' cumulative accuracy is at or above the floor at every one of them, whatever fails in between.
 *
 * A floor of 0 means no floor: everything is allowed, nothing is reserved, accuracy is free.
 */
export class AccuracyBalance {
  #floor = 0;
  #cap = 0;
  #balance = 0;
  #debt = 0;
  #priceExponent = 0;
  #account = 0;
  #ledgerId = '';
  #debitedTotal = 0;
  #creditedTotal = 0;

  get balance(): number {
    return this.#balance;
  }

  /** True when so much is owed that no promise of second looks counts. */
  get overdue(): boolean {
    return this.#debt > DEBT_LIMIT;
  }

  get cap(): number {
    return this.#cap;
  }

  get floor(): number {
    return this.#floor;
  }

  /**
   * Sets the floor and the best accuracy within reach. A higher floor opens a new account at 0 (what was
   * earned above the old floor is no surplus over the new one). Otherwise the balance stays, even above a new
   * cap: a device that has lost its best target may live on what it has earned.
   */
  configure({ floor, best }: { floor: number; best: number }): void {
    if (floor > this.#floor) {
      this.#balance = 0;
      this.#account++;
    }
    this.#floor = floor;
    this.#cap = floor > 0 ? CAP_FRAMES * Math.max(0, best - floor) : 0;
  }

  /** Least accuracy of a frame that the balance covers; 0 without a floor. */
  get leastAccuracy(): number {
    return this.#floor <= 0 ? 0 : this.#floor - this.#balance - ROUNDING;
  }

  /** Whether the balance covers a frame of this accuracy. */
  allows(accuracy: number): boolean {
    return accuracy >= this.leastAccuracy;
  }

  /**
   * Reserves one frame's accuracy. A deficit beyond the balance takes all of it: only an obeyed plan may do that, and
   * then the planner answers for the average over the devices. `owing`: the rest is owed.
   */
  reserve(accuracy: number, { owing = false }: { owing?: boolean | undefined } = {}): Reservation {
    if (this.#floor <= 0) return { debit: 0, credit: 0, owed: 0, account: this.#account };
    const surplus = accuracy - this.#floor;
    const debit = surplus < 0 ? Math.min(this.#balance, -surplus) : 0;
    this.#balance -= debit;
    if (this.#cap > 0) {
      const net = this.#balance - Math.min(this.#debt, this.#cap);
      const exponent = this.#priceExponent + PRICE_GAIN * (0.5 - net / this.#cap);
      this.#priceExponent = Math.max(-PRICE_EXPONENT_LIMIT, Math.min(PRICE_EXPONENT_LIMIT, exponent));
    }
    const owed = owing ? Math.max(0, -surplus - debit) : 0;
    return { debit, credit: Math.max(0, surplus), owed, account: this.#account };
  }

  /**
   * The frame was answered: credit its surplus, up to the cap, less what the answer fell short of the accuracy that was
   * reserved. What the balance cannot pay of that is owed, and paid by the next credits.
   */
  answered(reservation: Reservation, shortfall = 0): void {
    if (reservation.account !== this.#account) return;
    this.#add(reservation.credit);
    const short = shortfall + reservation.owed;
    const paid = clamp(short, this.#balance);
    this.#balance -= paid;
    if (this.#floor > 0) this.#debt += short - paid;
  }

  /** The frame failed: give its deficit back. */
  refund(reservation: Reservation): void {
    if (reservation.account === this.#account) this.#add(reservation.debit);
  }

  /**
   * μ = μ₀ · 4^(1 − 2b/cap) · e^m, ms per unit of accuracy: four times the plan's price μ₀ when the balance is empty, a
   * quarter when it is full; m integrates until the balance hovers around its middle. 0 without a floor.
   */
  priceMs(basePriceMs: number): number {
    if (this.#floor <= 0) return 0;
    const filled = this.#cap > 0 ? Math.min(1, this.#balance / this.#cap) : 0.5;
    return basePriceMs * Math.pow(4, 1 - 2 * filled) * Math.exp(this.#priceExponent);
  }

  /**
   * Applies the newest state of the cell's ledger. Totals are running, so a lost or repeated message does no
   * harm; a new ledger starts them at 0. Gives what the balance allows and takes what fits under the cap; the
   * rest stays open until a later message.
   */
  applyLedger(ledger: BalanceLedger): void {
    if (ledger.ledgerId !== this.#ledgerId) {
      this.#ledgerId = ledger.ledgerId;
      this.#debitedTotal = 0;
      this.#creditedTotal = 0;
    }
    if (this.#floor <= 0) return;
    const given = clamp(ledger.debitRequestedTotal - this.#debitedTotal, this.#balance);
    this.#balance -= given;
    this.#debitedTotal += given;
    const room = this.#cap - this.#balance + this.#debt;
    const taken = clamp(ledger.creditTotal - this.#creditedTotal, room);
    this.#add(taken);
    this.#creditedTotal += taken;
  }

  #add(amount: number): void {
    const repaid = clamp(amount, this.#debt);
    this.#debt -= repaid;
    this.#balance = Math.max(this.#balance, Math.min(this.#cap, this.#balance + amount - repaid));
  }

  report(): BalanceReport {
    return {
      ledgerId: this.#ledgerId,
      balance: this.#balance,
      cap: this.#cap,
      debitedTotal: this.#debitedTotal,
      creditedTotal: this.#creditedTotal,
    };
  }
}

const clamp = (value: number, most: number) => Math.max(0, Math.min(value, most));
