import type { Clock, Logger } from '@weir/base';
import type { Store } from '@weir/storage';

/** Versions reserved at once; one write in so many pushes. */
const BLOCK = 1_000;

/**
 * Directive versions of one cell: they rise over restarts, because blocks of them are reserved on the disk beforehand, and
 * begin above the time in ms, so that outcomes of a former run are not taken for those of this one, even when the disk is
 * lost. Agents compare them within one run of the service only, so a clock that was ahead does no harm.
 */
export class VersionCounter {
  readonly #reserve: () => Promise<number>;
  readonly #logger: Logger;
  #next: number;
  #last: number;
  /** A block that has been reserved and is not yet begun. */
  #spareLast: number | undefined;
  #reserving = false;

  private constructor(last: number, reserve: () => Promise<number>, logger: Logger) {
    this.#next = last - BLOCK + 1;
    this.#last = last;
    this.#reserve = reserve;
    this.#logger = logger;
  }

  static async open(
    cellId: string,
    { store, clock, logger }: { store: Store; clock: Clock; logger: Logger },
  ): Promise<VersionCounter> {
    const above = Math.floor(clock.now());
    const last = await store.reserveVersions(cellId, { count: BLOCK, above });
    return new VersionCounter(last, () => store.reserveVersions(cellId, { count: BLOCK }), logger);
  }

  /** Undefined while the disk lags behind or has failed. */
  next(): number | undefined {
    if (this.#last - this.#next < BLOCK / 2) this.#reserveSpare();
    if (this.#next > this.#last) {
      if (this.#spareLast === undefined) return undefined;
      this.#last = this.#spareLast;
      this.#next = this.#last - BLOCK + 1;
      this.#spareLast = undefined;
    }
    return this.#next++;
  }

  #reserveSpare(): void {
    if (this.#reserving || this.#spareLast !== undefined) return;
    this.#reserving = true;
    this.#reserve().then(
      (last) => {
        this.#spareLast = last;
        this.#reserving = false;
      },
      (err: unknown) => {
        this.#logger.error({ err }, 'directive versions cannot be reserved');
        this.#reserving = false;
      },
    );
  }
}
