/** Most hedges that can be saved up: a quiet hour must not pay for a flood. */
const CAP_HEDGES = 10;

/** How much work of their own devices may do on top of that of their frames: each frame earns a share of its work. */
export class HedgeBudget {
  readonly #share: number;
  #creditMs = 0;

  /** `share`: of extra work, 0..1. */
  constructor(share: number) {
    this.#share = share;
  }

  /** One more frame, of `workMs` of compute. */
  earn(workMs: number): void {
    this.#creditMs += this.#share * workMs;
  }

  /** Pays for a hedge of `workMs`; false, and nothing is paid, when there is not enough. */
  spend(workMs: number): boolean {
    this.#creditMs = Math.min(this.#creditMs, CAP_HEDGES * workMs);
    if (this.#share === 0 || workMs > this.#creditMs) return false;
    this.#creditMs -= workMs;
    return true;
  }
}
