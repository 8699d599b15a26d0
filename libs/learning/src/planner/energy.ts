import type { Retained } from '../beliefs/beliefs.ts';
import { type MediansState, ReporterMedians } from '../beliefs/reporter-medians.ts';

/** Weight of a new value in a mean. */
const newest = 0.05;
/** Most energy of one inference that is believed, J. */
const most = 1e5;
/** A value beyond this many times the mean counts as that much. */
const widest = 10;

/**
 * Mean energy of an inference, J, by node or device and variant; moving, so that it follows a change. Of a node that
 * several devices use, the median of their means.
 */
export class EnergyMeans {
  readonly #joules = new ReporterMedians();

  /** What is not metered, <= 0, is left out. */
  observe(nodeId: string, variant: string, joules: number, deviceId: string): void {
    if (!(joules > 0 && joules <= most)) return;
    const key = keyOf(nodeId, variant);
    const before = this.#joules.of(key, deviceId);
    const value =
      before === undefined ? joules : before + newest * (Math.min(joules, widest * before) - before);
    this.#joules.set(key, deviceId, value);
  }

  /** 0 where none was metered. */
  of = (nodeId: string, variant: string): number => this.#joules.median(keyOf(nodeId, variant)) ?? 0;

  retain({ device, node }: Retained): void {
    this.#joules.retain((key) => {
      const [id] = key.split('\n') as [string];
      return device(id) || node(id);
    }, device);
  }

  state(): MediansState {
    return this.#joules.state();
  }

  restore(state: MediansState): void {
    this.#joules.restore(state);
  }
}

const keyOf = (nodeId: string, variant: string) => `${nodeId}\n${variant}`;
