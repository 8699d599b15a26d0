/** Work that waits for its turn. */
export interface Turn {
  /** Who asked for it. */
  readonly caller: string;
  /** What it costs, > 0, in any unit. */
  readonly cost: number;
}

interface Line<Item> {
  readonly items: Item[];
  /** Where its first item begins, or would begin, in the cost that each caller who waits has been served. */
  start: number;
}

/** Callers of whom nothing waits and that are remembered as served. */
const mostRemembered = 256;

/**
 * A queue that serves callers in turn, by cost: who sends much waits for what it has sent itself, and a newcomer for no more
 * than one item of each other caller. Source: Goyal, Vin and Cheng 1996, start-time fair queueing.
 */
export class FairQueue<Item extends Turn> {
  readonly #lines = new Map<string, Line<Item>>();
  /** Where what was taken last began. */
  #virtual = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: Item): void {
    let line = this.#lines.get(item.caller);
    if (!line) this.#lines.set(item.caller, (line = { items: [], start: this.#virtual }));
    if (line.items.length === 0) line.start = Math.max(line.start, this.#virtual);
    line.items.push(item);
    this.#size++;
  }

  /** Whose turn it is, of equals who has waited for longest; undefined when nobody waits. */
  take(): Item | undefined {
    let next: Line<Item> | undefined;
    for (const line of this.#lines.values())
      if (line.items.length > 0 && (!next || line.start < next.start)) next = line;
    if (!next) return undefined;
    const item = next.items.shift()!;
    this.#size--;
    this.#virtual = next.start;
    next.start += item.cost;
    // At the back, for equals.
    this.#lines.delete(item.caller);
    this.#lines.set(item.caller, next);
    this.#forget();
    return item;
  }

  /** False when it does not wait here. It has cost its caller nothing. */
  remove(item: Item): boolean {
    const items = this.#lines.get(item.caller)?.items;
    const at = items?.indexOf(item) ?? -1;
    if (at < 0) return false;
    items!.splice(at, 1);
    this.#size--;
    this.#forget();
    return true;
  }

  /** The newest item of whoever has most of them waiting; undefined where that is no more than `caller` would have with another one. */
  mostCrowded(caller: string): Item | undefined {
    let most: Item[] = [];
    for (const { items } of this.#lines.values()) if (items.length > most.length) most = items;
    const own = this.#lines.get(caller)?.items.length ?? 0;
    return most.length > own + 1 ? most.at(-1) : undefined;
  }

  /** A caller whom others have caught up with is as good as new; so are those served longest ago, where there are many. */
  #forget(): void {
    let spare = this.#lines.size - mostRemembered;
    for (const [caller, { items, start }] of this.#lines)
      if (items.length === 0 && (start <= this.#virtual || spare-- > 0)) this.#lines.delete(caller);
  }
}
