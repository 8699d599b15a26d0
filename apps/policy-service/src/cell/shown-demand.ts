/** Frames per second that are believed of a device that has shown none yet. */
const unshown = 30;
/** How many times as many frames as have been answered may come. */
const beyondShown = 3;
/** Time in which what was shown fades by e, ms. */
const memoryMs = 10_000;

interface Shown {
  /** Answers, faded until `at`. */
  readonly count: number;
  readonly at: number;
}

/**
 * How many frames devices can have: as many as they say, but not many times as many as come of them. A rate is a claim, and
 * nodes are planned full for it.
 */
export class ShownDemand {
  readonly #shown = new Map<string, Shown>();

  answered(deviceId: string, now: number): void {
    this.#shown.set(deviceId, { count: this.#faded(deviceId, now) + 1, at: now });
  }

  /** Frames per second. */
  most(deviceId: string, now: number): number {
    return Math.max(unshown, (beyondShown * this.#faded(deviceId, now) * 1_000) / memoryMs);
  }

  forget(deviceId: string): void {
    this.#shown.delete(deviceId);
  }

  #faded(deviceId: string, now: number): number {
    const { count, at } = this.#shown.get(deviceId) ?? { count: 0, at: now };
    return count * Math.exp(-Math.max(0, now - at) / memoryMs);
  }
}
