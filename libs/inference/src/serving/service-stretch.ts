/** How fast the estimate follows what is seen. */
const gain = 0.1;
/** Deviations that a careful estimate adds. Source: Jacobson 1988, which takes 4 where being late costs more. */
const deviations = 2;
/** One job that was stuck says nothing of the next. */
const most = 4;

/**
 * How much longer slots are held than their jobs were expected to take: handing over, and whatever else the machine does,
 * count as much as the job for those that wait. Without it a full queue accepts what it cannot do in time.
 */
export class ServiceStretch {
  #mean = 1;
  #deviation = 0;

  /** Of a job on average, >= 1. */
  get mean(): number {
    return Math.max(1, this.#mean);
  }

  /** Of most jobs. */
  get high(): number {
    return this.mean + deviations * this.#deviation;
  }

  observe({ expectedMs, heldMs }: { expectedMs: number; heldMs: number }): void {
    if (!(expectedMs > 0)) return;
    const seen = Math.min(most, heldMs / expectedMs);
    // Being done early makes nobody late.
    this.#deviation += gain * (Math.max(0, seen - this.mean) - this.#deviation);
    this.#mean += gain * (seen - this.#mean);
  }
}
