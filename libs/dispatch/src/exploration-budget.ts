/** Share of the response time that frames may spend on plans that try something out. Source: docs/learning.md, "On the device". */
const SHARE = 0.005;

/** Most that can be saved up, in frames: what a try may lose. */
const CAP_FRAMES = 10;

/**
 * How far a device follows plans that try something out. A planner's own budget counts plans; a plan may last for one
 * frame or for hundreds, so that each frame adds its share here, and each try costs what it is expected to lose.
 */
export class TryOutBudget {
  #creditMs = 0;

  /** One more frame, expected to take `responseMs`. */
  earn(responseMs: number): void {
    this.#creditMs = Math.min(CAP_FRAMES * responseMs, this.#creditMs + SHARE * responseMs);
  }

  affords(excessMs: number): boolean {
    return excessMs <= this.#creditMs;
  }

  spend(excessMs: number): void {
    this.#creditMs -= excessMs;
  }
}
