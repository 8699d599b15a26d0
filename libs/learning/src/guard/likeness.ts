/** Blocks of up to 32 looks are compared: a subject that lasts longer counts as several. */
const mostLevels = 6;
/** Standard errors by which neighbours must be more alike than chance makes them. */
const beyondChance = 3;

/**
 * How many consecutive looks tell as much as one at a subject of its own, since frames of a video hardly differ; old looks count
 * ever less. The more alike neighbours are, the more the means of adjacent blocks of them differ beyond chance (Allan 1966); a
 * drift, which is slower, makes no difference. A picture that comes again at once is left out (see `PictureCount`).
 */
export class Likeness {
  /** Of each device: its last margin, and by level the mean that waits for its neighbour. */
  readonly #devices = new Map<string, { last: number; readonly waiting: (number | undefined)[] }>();
  /** Of differences between adjacent blocks, halves of squares: their number and sum by level. */
  readonly #differences = Array.from({ length: mostLevels }, () => ({ count: 0, sum: 0 }));
  #count = 0;
  #sum = 0;
  #squares = 0;

  add(deviceId: string, margin: number): void {
    const device = this.#devices.get(deviceId) ?? { last: NaN, waiting: [] };
    this.#devices.set(deviceId, device);
    if (margin === device.last) return;
    device.last = margin;
    this.#count++;
    this.#sum += margin;
    this.#squares += margin * margin;
    let mean = margin;
    for (const [level, differences] of this.#differences.entries()) {
      const neighbour = device.waiting[level];
      if (neighbour === undefined) {
        device.waiting[level] = mean;
        return;
      }
      device.waiting[level] = undefined;
      differences.count++;
      differences.sum += (neighbour - mean) ** 2 / 2;
      mean = (neighbour + mean) / 2;
    }
  }

  fade(kept: number): void {
    this.#count *= kept;
    this.#sum *= kept;
    this.#squares *= kept;
    for (const differences of this.#differences) {
      differences.count *= kept;
      differences.sum *= kept;
    }
  }

  forget(deviceId: string): void {
    this.#devices.delete(deviceId);
  }

  /** Looks that were no repetition of the one before. */
  get count(): number {
    return this.#count;
  }

  /** At least 1; 1 while chance explains how alike neighbours are. */
  get looksPerSubject(): number {
    const variance = this.#squares / this.#count - (this.#sum / this.#count) ** 2;
    if (!(variance > 0)) return 1;
    const ratios = this.#differences.map(({ count, sum }, level) => {
      const ratio = (2 ** level * sum) / count / variance;
      return ratio > 1 + beyondChance * Math.sqrt(2 / count) ? ratio : 1;
    });
    return Math.max(1, ...ratios);
  }
}
