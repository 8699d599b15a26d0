/** A stretch of time of the device's own processor, epoch ms. */
interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * When the device's own processor is to answer the frames that are elsewhere, should nobody else: frames that were sent at once
 * are given up one after the other, so that each is still in time.
 */
export class RescueWindows {
  /** By their beginnings. */
  readonly #taken: Window[] = [];

  /** The last `ms` before `by` that nothing has taken. Release it. */
  take(by: number, ms: number): Window & Disposable {
    let to = by;
    for (let at = this.#taken.length - 1; at >= 0 && this.#taken[at]!.to > to - ms; at--)
      to = Math.min(to, this.#taken[at]!.from);
    const window = { from: to - ms, to };
    const at = this.#taken.findLastIndex(({ from }) => from <= window.from);
    this.#taken.splice(at + 1, 0, window);
    return {
      ...window,
      [Symbol.dispose]: () => {
        const index = this.#taken.indexOf(window);
        if (index >= 0) this.#taken.splice(index, 1);
      },
    };
  }
}
