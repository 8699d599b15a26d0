import { refill } from '../refill.ts';

/** Weight of a new value in a mean. */
const newest = 0.05;

/** Mean energy of an inference, J, by node or device and variant; moving, so that it follows a change. */
export class EnergyMeans {
  readonly #joules = new Map<string, number>();

  /** What is not metered, <= 0, is left out. */
  observe(nodeId: string, variant: string, joules: number): void {
    if (!(joules > 0)) return;
    const key = keyOf(nodeId, variant);
    const before = this.#joules.get(key);
    this.#joules.set(key, before === undefined ? joules : before + newest * (joules - before));
  }

  /** 0 where none was metered. */
  of = (nodeId: string, variant: string): number => this.#joules.get(keyOf(nodeId, variant)) ?? 0;

  state(): [string, number][] {
    return [...this.#joules];
  }

  restore(state: readonly (readonly [string, number])[]): void {
    refill(this.#joules, state);
  }
}

const keyOf = (nodeId: string, variant: string) => `${nodeId}\n${variant}`;
