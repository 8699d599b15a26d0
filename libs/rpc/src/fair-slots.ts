import { type CallCaller, isSteering } from './call-caller.ts';

/** A place that a caller holds. */
export interface Slot extends Disposable {
  /** Aborts when another caller needs the place more. */
  readonly lost: AbortSignal;
}

interface Held extends CallCaller {
  readonly lost: AbortController;
}

/**
 * A bounded number of places, e.g. of watches. When all are taken, a newcomer gets one of whoever holds the most by far,
 * and then of the connection that does: many calls of one caller shut nobody else out. An operator or a console gets one of
 * anybody else's.
 */
export class FairSlots {
  readonly #most: number;
  readonly #reason: () => Error;
  readonly #held = new Set<Held>();

  /** `reason`: why a place is lost. */
  constructor(most: number, reason: () => Error) {
    this.#most = most;
    this.#reason = reason;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Undefined when all places are taken by callers that hold no more than this one. */
  take(caller: CallCaller): Slot | undefined {
    const newcomer = { ...caller, lost: new AbortController() };
    if (this.#held.size >= this.#most && !this.#makeRoomFor(newcomer)) return undefined;
    this.#held.add(newcomer);
    return { lost: newcomer.lost.signal, [Symbol.dispose]: () => void this.#held.delete(newcomer) };
  }

  #makeRoomFor(newcomer: Held): boolean {
    for (const groupOf of [({ id }: Held) => id, ({ connection }: Held) => connection]) {
      const groups = Map.groupBy(this.#held, groupOf);
      const own = groups.get(groupOf(newcomer))?.length ?? 0;
      const largest = [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a));
      if (largest.length <= own + 1) continue;
      return this.#takeFrom(largest[0]);
    }
    return isSteering(newcomer) && this.#takeFrom([...this.#held].find((held) => !isSteering(held)));
  }

  #takeFrom(held: Held | undefined): boolean {
    if (!held) return false;
    this.#held.delete(held);
    held.lost.abort(this.#reason());
    return true;
  }
}
