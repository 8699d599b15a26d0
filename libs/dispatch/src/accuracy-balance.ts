import type { BalanceLedger, BalanceReport } from '@weir/domain';

/** Rounding of sums of accuracies; far below what one frame can spend. */
const ROUNDING = 1e-12;

/** Frames at the best accuracy that fill the balance. Source: docs/learning.md, "On the device". */
const CAP_FRAMES = 20;

/** How fast m follows the balance, per frame; a half-empty balance changes the price by 1 % a frame. */
const PRICE_GAIN = 0.02;

/** Bounds of m: the price stays within e^±3 of the plan's, so that a change of conditions is followed in time. */
const PRICE_EXPONENT_LIMIT = 3;

/** What one frame has booked; settled once, by `answered` or `refund`. */
export interface Booking {
  /** Taken from the balance when the frame was dispatched, >= 0. */
  readonly spent: number;
  /** Added to the balance when the frame is answered, >= 0. */
  readonly earns: number;
  readonly era: number;
}

/**
 * The accuracy that a device has earned beyond its floor and not yet spent, in frames × accuracy. Never below 0: a
 * frame's deficit is taken when it is dispatched, its surplus is added only when it has been answered, so the answered
 * frames' cumulative accuracy is at or above the floor at every one of them, whatever fails in between.
 *
 * A floor of 0 means no floor: everything is allowed, nothing is booked, accuracy has no price.
 */
export class AccuracyBalance {
  #floor = 0;
  #cap = 0;
  #balance = 0;
  #priceExponent = 0;
  #era = 0;
  #ledgerId = '';
  #debitedTotal = 0;
  #creditedTotal = 0;

  get balance(): number {
    return this.#balance;
  }

  get cap(): number {
    return this.#cap;
  }

  get floor(): number {
    return this.#floor;
  }

  /**
   * Sets the floor and the best accuracy that the device can reach. A higher floor starts a new account at 0 (what
   * was earned above the old floor is no surplus over the new one). Otherwise what there is stays, even above a new
   * cap: a device that has lost sight of its best target may live on what it has earned.
   */
  configure({ floor, best }: { floor: number; best: number }): void {
    if (floor > this.#floor) {
      this.#balance = 0;
      this.#era++;
    }
    this.#floor = floor;
    this.#cap = floor > 0 ? CAP_FRAMES * Math.max(0, best - floor) : 0;
  }

  /** Whether a frame of this accuracy can be paid for. */
  allows(accuracy: number): boolean {
    return this.#floor <= 0 || this.#balance + accuracy - this.#floor >= -ROUNDING || accuracy >= this.#floor;
  }

  /**
   * Books one frame. A deficit beyond the balance takes what there is: only a plan that is obeyed may do that, and then
   * the average over the devices is the planner's affair.
   */
  reserve(accuracy: number): Booking {
    if (this.#floor <= 0) return { spent: 0, earns: 0, era: this.#era };
    const surplus = accuracy - this.#floor;
    const spent = surplus < 0 ? Math.min(this.#balance, -surplus) : 0;
    this.#balance -= spent;
    if (this.#cap > 0) {
      const exponent = this.#priceExponent + PRICE_GAIN * (0.5 - this.#balance / this.#cap);
      this.#priceExponent = Math.max(-PRICE_EXPONENT_LIMIT, Math.min(PRICE_EXPONENT_LIMIT, exponent));
    }
    return { spent, earns: Math.max(0, surplus), era: this.#era };
  }

  /** The frame was answered: its surplus counts from now on. What goes beyond the cap is not kept. */
  answered(booking: Booking): void {
    if (booking.era === this.#era) this.#add(booking.earns);
  }

  /** The frame failed: its deficit was not spent after all. */
  refund(booking: Booking): void {
    if (booking.era === this.#era) this.#add(booking.spent);
  }

  /**
   * μ = μ₀·4^(1−2b/cap)·e^m, ms per unit of accuracy: four times the plan's price when the balance is empty, a quarter
   * when it is full; m drifts until the balance stays around its middle. 0 without a floor.
   */
  priceMs(basePriceMs: number): number {
    if (this.#floor <= 0) return 0;
    const filled = this.#cap > 0 ? Math.min(1, this.#balance / this.#cap) : 0.5;
    return basePriceMs * Math.pow(4, 1 - 2 * filled) * Math.exp(this.#priceExponent);
  }

  /**
   * Takes the newest word of the cell's ledger. Totals are running, so a message that is lost or comes twice does no
   * harm; an unknown ledger starts them at 0. Gives what the balance allows, takes what fits under the cap; the rest
   * stays open and is settled with a later word.
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
    const taken = clamp(ledger.creditTotal - this.#creditedTotal, this.#cap - this.#balance);
    this.#balance += taken;
    this.#creditedTotal += taken;
  }

  #add(amount: number): void {
    this.#balance = Math.max(this.#balance, Math.min(this.#cap, this.#balance + amount));
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
