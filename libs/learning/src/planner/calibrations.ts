import type { Steps } from '@weir/base';
import type { Beliefs, Retained } from '../beliefs/beliefs.ts';
import type { CellObservation } from '../learner.ts';
import { refill } from '../refill.ts';

/** Relative variance that a self-measurement has on top of the noise of its group. */
const calibrationNoise = 0.0025;
/** Devices that are learned from without a stop. */
const devicesAtOnce = 64;

/**
 * Service times that devices and nodes measure of themselves: observations repeat them, and each value is learned from
 * once. A node's come by way of its devices: where three or more reach it, two must bring the same value.
 */
export class Calibrations {
  /** The newest one, ms, by node or device and variant. */
  readonly #learned = new Map<string, number>();
  /** The one before: some device may not have heard yet that a node has a newer one. */
  readonly #before = new Map<string, number>();

  *learn({ devices }: CellObservation, beliefs: Beliefs): Steps<void> {
    const reached = new Map<string, number>();
    const told: Told[] = [];
    /** By the times themselves: most devices bring the very same. */
    const toldOf = new Map<Told['services'], Told[]>();
    for (let at = 0; at < devices.length; at++) {
      if (at > 0 && at % devicesAtOnce === 0) yield;
      const { deviceId, calibration, links } = devices[at]!;
      for (const [variant, ms] of calibration)
        if (this.#isNew(deviceId, variant, ms)) beliefs.observeLocal(deviceId, variant, ms, calibrationNoise);
      for (const { nodeId, services } of links) {
        if (services.size === 0) continue;
        reached.set(nodeId, (reached.get(nodeId) ?? 0) + 1);
        let same = toldOf.get(services);
        if (!same) toldOf.set(services, (same = []));
        let known = same.find((each) => each.nodeId === nodeId);
        if (!known) {
          known = { nodeId, services, bearers: 0 };
          same.push(known);
          told.push(known);
        }
        known.bearers++;
      }
    }
    const words = new Map<string, Word>();
    for (const { nodeId, services, bearers } of told)
      for (const [variant, ms] of services) {
        const key = `${nodeId}\n${variant}\n${ms}`;
        const word = words.get(key);
        if (word) word.bearers += bearers;
        else words.set(key, { nodeId, variant, ms, bearers });
      }
    for (const { nodeId, variant, ms, bearers } of words.values())
      if ((bearers >= 2 || reached.get(nodeId)! < 3) && this.#isNew(nodeId, variant, ms))
        beliefs.observeCompute({ nodeId, variant, concurrency: 1, load: 0 }, ms, undefined, calibrationNoise);
  }

  retain({ device, node }: Retained): void {
    const keeps = (key: string) => {
      const [id] = key.split('\n') as [string];
      return device(id) || node(id);
    };
    for (const map of [this.#learned, this.#before])
      for (const key of map.keys()) if (!keeps(key)) map.delete(key);
  }

  #isNew(nodeId: string, variant: string, ms: number): boolean {
    if (!Number.isFinite(ms)) return false;
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

/** What devices bring of a node. */
interface Told {
  readonly nodeId: string;
  readonly services: ReadonlyMap<string, number>;
  bearers: number;
}

/** A node's self-measurement as its devices bring it. */
interface Word {
  readonly nodeId: string;
  readonly variant: string;
  readonly ms: number;
  bearers: number;
}
