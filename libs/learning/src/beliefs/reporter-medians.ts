/** JSON form of `ReporterMedians`: key, and each reporter's value. */
export type MediansState = readonly (readonly [
  key: string,
  values: readonly (readonly [string, number])[],
])[];

/**
 * A value that several reporters measure, by key: the median of what each of them says, so that a minority of broken
 * or dishonest ones moves it no further than the others lie apart.
 */
export class ReporterMedians {
  readonly #values = new Map<string, Map<string, number>>();
  /** Medians that were asked for since they last changed. */
  readonly #medians = new Map<string, number>();

  /** What that reporter says, or undefined. */
  of(key: string, reporter: string): number | undefined {
    return this.#values.get(key)?.get(reporter);
  }

  set(key: string, reporter: string, value: number): void {
    let values = this.#values.get(key);
    if (!values) this.#values.set(key, (values = new Map<string, number>()));
    values.set(reporter, value);
    this.#medians.delete(key);
  }

  /** Undefined where nobody has said anything. */
  median(key: string): number | undefined {
    const known = this.#medians.get(key);
    if (known !== undefined) return known;
    const values = this.#values.get(key);
    if (!values || values.size === 0) return undefined;
    const sorted = [...values.values()].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
    this.#medians.set(key, median);
    return median;
  }

  /** Drops the reporters and keys that are not to be kept. */
  retain(keepsKey: (key: string) => boolean, keepsReporter: (reporter: string) => boolean): void {
    this.#medians.clear();
    for (const [key, values] of this.#values) {
      for (const reporter of values.keys()) if (!keepsReporter(reporter)) values.delete(reporter);
      if (values.size === 0 || !keepsKey(key)) this.#values.delete(key);
    }
  }

  state(): MediansState {
    return [...this.#values].map(([key, values]) => [key, [...values]]);
  }

  restore(state: MediansState): void {
    this.#values.clear();
    this.#medians.clear();
    for (const [key, values] of state) this.#values.set(key, new Map(values));
  }
}
