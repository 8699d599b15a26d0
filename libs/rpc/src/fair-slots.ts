/** A place that a caller holds. */
export interface Slot extends Disposable {
  /** Aborts when another caller needs the place more. */
  readonly lost: AbortSignal;
}

interface Held {
  readonly connection: string;
  readonly host: string;
  readonly lost: AbortController;
}

/**
 * A bounded number of places, e.g. of watches. When all are taken, a newcomer gets one of whoever holds the most by far, by
 * host and then by connection: many calls of one caller shut nobody else out.
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

  /** `peer`: the caller, `HOST:PORT`. Undefined when all places are taken by callers that hold no more than this one. */
  take(peer: string): Slot | undefined {
    const newcomer = { connection: peer, host: hostOf(peer), lost: new AbortController() };
    if (this.#held.size >= this.#most && !this.#makeRoomFor(newcomer)) return undefined;
    this.#held.add(newcomer);
    return { lost: newcomer.lost.signal, [Symbol.dispose]: () => void this.#held.delete(newcomer) };
  }

  #makeRoomFor(newcomer: Held): boolean {
    for (const groupOf of [({ host }: Held) => host, ({ connection }: Held) => connection]) {
      const groups = Map.groupBy(this.#held, groupOf);
      const own = groups.get(groupOf(newcomer))?.length ?? 0;
      const largest = [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a));
      if (largest.length <= own + 1) continue;
      const [oldest] = largest;
      this.#held.delete(oldest!);
      oldest!.lost.abort(this.#reason());
      return true;
    }
    return false;
  }
}

const hostOf = (peer: string): string => peer.slice(0, Math.max(0, peer.lastIndexOf(':'))) || peer;
