import type { NodeLoad } from '@weir/domain';
import { RateMeter } from './arrivals.ts';

/** Tracks the device's own queue: exact at each report, extrapolated by its own dispatches in between. Times in ms. */
export class LocalQueue {
  /** When each slot becomes free. */
  readonly #freeAt: number[];
  readonly #arrivals = new RateMeter();
  #inFlight = 0;

  constructor(slots: number) {
    this.#freeAt = new Array<number>(Math.max(1, slots)).fill(-Infinity);
  }

  /** c. */
  get slots(): number {
    return this.#freeAt.length;
  }

  /** U = max(0, min over slots of freeAt − now): wait of a frame that arrives now. */
  waitMs(now: number): number {
    return Math.max(0, this.#freeAt[this.#nextFree()]! - now);
  }

  /** κ_l = λ / (1 − min(0.95, ρ)), λ and ρ of the frames that ran here, per ms; decays to 0 when idle. */
  congestionPerMs(now: number): number {
    const { perMs, utilization } = this.#arrivals.load(now);
    return perMs / (1 - Math.min(0.95, utilization / this.slots));
  }

  /** The runner's own load at `now`; replaces the extrapolation. */
  report(load: NodeLoad, now: number): void {
    if (load.backlogMs > 0 || load.inService >= this.slots) {
      const shiftMs = load.backlogMs - this.waitMs(now);
      for (const [slot, freeAt] of this.#freeAt.entries())
        this.#freeAt[slot] = Math.max(now, freeAt) + shiftMs;
      return;
    }
    // The runner knows how many slots are idle, not which: take those that were due to be free first.
    this.#freeAt.sort((a, b) => a - b);
    for (let slot = 0; slot < this.slots - load.inService; slot++)
      this.#freeAt[slot] = Math.min(now, this.#freeAt[slot]!);
  }

  sent(workMs: number, now: number): void {
    const slot = this.#nextFree();
    this.#freeAt[slot] = Math.max(now, this.#freeAt[slot]!) + workMs;
    this.#arrivals.add(now, workMs);
    this.#inFlight++;
  }

  returned(now: number): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    if (this.#inFlight > 0) return;
    for (let slot = 0; slot < this.#freeAt.length; slot++) this.#freeAt[slot] = now;
  }

  #nextFree(): number {
    let next = 0;
    for (let slot = 1; slot < this.#freeAt.length; slot++)
      if (this.#freeAt[slot]! < this.#freeAt[next]!) next = slot;
    return next;
  }
}
