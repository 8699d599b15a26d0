/** A stretch of time of the device's own processor, epoch ms. Disposing releases it. */
class Window implements Disposable {
  readonly from: number;
  readonly to: number;
  readonly #taken: Window[];

  constructor(from: number, to: number, taken: Window[]) {
    this.from = from;
    this.to = to;
    this.#taken = taken;
  }

  [Symbol.dispose](): void {
    const index = this.#taken.indexOf(this);
    if (index >= 0) this.#taken.splice(index, 1);
  }
}

/**
 * When the device's own processor is to answer the frames that are elsewhere, should nobody else: frames that were sent at once
 * are given up one after the other, so that each is still in time.
 */
export class RescueWindows {
  /** By their beginnings. */
  readonly #taken: Window[] = [];

  /** The last `ms` before `by` that nothing has taken. Release it. */
  take(by: number, ms: number): Window {
    let to = by;
    for (let at = this.#taken.length - 1; at >= 0 && this.#taken[at]!.to > to - ms; at--)
      to = Math.min(to, this.#taken[at]!.from);
    const window = new Window(to - ms, to, this.#taken);
    const at = this.#taken.findLastIndex(({ from }) => from <= window.from);
    this.#taken.splice(at + 1, 0, window);
    return window;
  }
}
