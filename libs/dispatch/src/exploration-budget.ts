/** Share of the response time that may be spent on exploring. Source: docs/learning.md, "On the device". */
const SHARE = 0.005;

/** Most that can be saved up, in frames' response times: bounds what a single exploration may lose. */
const CAP_FRAMES = 10;

/**
 * How far a device follows exploring plans. The planner's own budget counts plans, but a plan may last for one
 * frame or for hundreds: here each frame earns its share, and each exploration pays what it is expected to lose.
 */
export class ExplorationBudget {
  #creditMs = 0;

  /** One more frame, expected to take `responseMs`, earns its share. */
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
