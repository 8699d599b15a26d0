import { type CallCaller, FairSlots, QuotaExceeded } from '@weir/rpc';
import { CellWatch } from './cell-watch.ts';

/** A watch; `lost` aborts, with the reason, when its caller holds most of the watches and another one needs a place. */
export type OpenWatch<State> = CellWatch<State> & { readonly lost: AbortSignal };

export interface WatchesOptions<State> {
  readonly most: number;
  /** What sets `most`, e.g. `max-watches`. */
  readonly flag: string;
  readonly keyOf: (state: State) => string;
}

/** The open watches of every cell, a bounded number of them together. */
export class Watches<State> {
  readonly #most: number;
  readonly #flag: string;
  readonly #keyOf: (state: State) => string;
  readonly #ofCells = new Map<string, Set<CellWatch<State>>>();
  readonly #slots: FairSlots;

  constructor({ most, flag, keyOf }: WatchesOptions<State>) {
    this.#most = most;
    this.#flag = flag;
    this.#keyOf = keyOf;
    this.#slots = new FairSlots(most, () => this.#tooMany('most of them from here'));
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Cells that anybody watches. */
  get cellIds(): Iterable<string> {
    return this.#ofCells.keys();
  }

  of(cellId: string): Iterable<CellWatch<State>> {
    return this.#ofCells.get(cellId) ?? [];
  }

  /**
   * `states` are pending from the start. Disposing ends the watch. Throws QuotaExceeded when there are too many.
   */
  open(cellId: string, states: readonly State[], caller: CallCaller): OpenWatch<State> {
    const slot = this.#slots.take(caller);
    if (!slot) throw this.#tooMany('and no more are allowed');
    const watches = this.#ofCells.get(cellId) ?? new Set();
    const watch: CellWatch<State> = new CellWatch(states, this.#keyOf, {
      onClosed: () => {
        slot[Symbol.dispose]();
        watches.delete(watch);
        if (watches.size === 0) this.#ofCells.delete(cellId);
      },
    });
    this.#ofCells.set(cellId, watches.add(watch));
    return Object.assign(watch, { lost: slot.lost });
  }

  #tooMany(why: string): QuotaExceeded {
    return new QuotaExceeded(
      'watches',
      `${this.#most} watches are open, ${why}: end some, or raise --${this.#flag}`,
      { reason: 'TOO_MANY_WATCHES' },
    );
  }
}
