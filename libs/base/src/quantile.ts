/**
 * One quantile of a stream in constant memory, by the P² algorithm; exact up to five values.
 * Source: Jain & Chlamtac 1985, "The P² algorithm for dynamic calculation of quantiles".
 */
export class StreamingQuantile {
  readonly #q: number;
  #count = 0;
  readonly #heights: number[] = [];
  #positions = [1, 2, 3, 4, 5];

  /** `q` in (0, 1), e.g. 0.95. */
  constructor(q: number) {
    this.#q = q;
  }

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    this.#count++;
    const h = this.#heights;
    if (h.length < 5) {
      h.push(value);
      h.sort((a, b) => a - b);
      return;
    }
    let cell = h.findLastIndex((height) => value >= height);
    if (cell < 0) [h[0], cell] = [value, 0];
    else if (cell === 4) [h[4], cell] = [value, 3];
    const n = this.#positions;
    for (let i = cell + 1; i < 5; i++) n[i]!++;
    this.#adjust();
  }

  /** NaN before the first value. */
  value(): number {
    const h = this.#heights;
    if (this.#count > 5) return h[2]!;
    if (h.length === 0) return NaN;
    const position = (h.length - 1) * this.#q;
    const low = Math.floor(position);
    return h[low]! + ((h[low + 1] ?? h[low]!) - h[low]!) * (position - low);
  }

  /** Moves the three inner markers towards their desired positions, parabolically where that keeps the order. */
  #adjust(): void {
    const [h, n, q] = [this.#heights, this.#positions, this.#q];
    const span = this.#count - 1;
    const desired = [0, (span * q) / 2, span * q, (span * (1 + q)) / 2].map((offset) => 1 + offset);
    for (let i = 1; i <= 3; i++) {
      const gap = desired[i]! - n[i]!;
      const [left, right] = [n[i]! - n[i - 1]!, n[i + 1]! - n[i]!];
      if (!((gap >= 1 && right > 1) || (gap <= -1 && left > 1))) continue;
      const step = Math.sign(gap);
      const [below, here, above] = [h[i - 1]!, h[i]!, h[i + 1]!];
      const parabolic =
        here +
        (step / (left + right)) *
          (((left + step) * (above - here)) / right + ((right - step) * (here - below)) / left);
      h[i] =
        below < parabolic && parabolic < above
          ? parabolic
          : here + (step * (h[i + step]! - here)) / (n[i + step]! - n[i]!);
      n[i]! += step;
    }
  }
}
