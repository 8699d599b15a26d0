import type { Beliefs } from '../beliefs/beliefs.ts';
import type { CellObservation } from '../learner.ts';
import { refill } from '../refill.ts';

/** Relative variance that a benchmark or calibration has on top of the noise of its group. */
const benchmarkNoise = 0.0025;

/** Calibrations of devices and benchmarks of nodes: observations repeat them, and each value is learned from once. */
export class Benchmarks {
  /** The newest one, ms, by node or device and variant. */
  readonly #learned = new Map<string, number>();
  /** The one before: some device may not have heard yet that a node has a newer one. */
  readonly #before = new Map<string, number>();

  learn({ devices }: CellObservation, beliefs: Beliefs): void {
    for (const { deviceId, calibration, links } of devices) {
      for (const [variant, ms] of calibration)
        if (this.#isNew(deviceId, variant, ms)) beliefs.observeLocal(deviceId, variant, ms, benchmarkNoise);
      for (const { nodeId, services } of links)
        for (const [variant, ms] of services)
          if (this.#isNew(nodeId, variant, ms))
            beliefs.observeCompute({ nodeId, variant, concurrency: 1, load: 0 }, ms, benchmarkNoise);
    }
  }

  #isNew(nodeId: string, variant: string, ms: number): boolean {
    const key = `${nodeId}\n${variant}`;
    const newest = this.#learned.get(key);
    if (newest === ms || this.#before.get(key) === ms) return false;
    if (newest !== undefined) this.#before.set(key, newest);
    this.#learned.set(key, ms);
    return true;
  }

  state(): [string, number][] {
    return [...this.#learned];
  }

  restore(state: readonly (readonly [string, number])[]): void {
    refill(this.#learned, state);
    // Not kept: at worst one value is learned from twice.
    this.#before.clear();
  }
}
