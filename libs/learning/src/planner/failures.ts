/** Failures in a row after which a node is left out of plans. */
const patience = 3;
/** How long, before it is given another chance, ms. */
const pauseMs = 10_000;
/** Failures that are the request's own fault say nothing about the node. */
const innocent = new Set(['CANCELLED', 'INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION']);

/** Which nodes fail again and again although they are said to be reachable. */
export class FailureWatch {
  readonly #nodes = new Map<string, { inARow: number; until: number }>();
  #changed = false;

  observe(nodeId: string, failure: string | undefined, now: number): void {
    if (failure === undefined) {
      if (this.#nodes.delete(nodeId)) this.#changed = true;
      return;
    }
    if (innocent.has(failure)) return;
    const inARow = (this.#nodes.get(nodeId)?.inARow ?? 0) + 1;
    const until = inARow >= patience ? now + pauseMs : -1;
    this.#nodes.set(nodeId, { inARow, until });
    if (inARow === patience) this.#changed = true;
  }

  /** True once after the set of suspects has changed. */
  changed(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  suspects(now: number): Set<string> {
    return new Set([...this.#nodes].filter(([, { until }]) => until > now).map(([nodeId]) => nodeId));
  }

  /** Forgets all suspicions, for when nothing else is left. False when there were none. */
  forgive(): boolean {
    const any = [...this.#nodes.values()].some(({ until }) => until >= 0);
    this.#nodes.clear();
    return any;
  }

  state(): [string, number, number][] {
    return [...this.#nodes].map(([nodeId, { inARow, until }]) => [nodeId, inARow, until]);
  }

  restore(state: readonly (readonly [string, number, number])[]): void {
    this.#nodes.clear();
    for (const [nodeId, inARow, until] of state) this.#nodes.set(nodeId, { inARow, until });
  }
}
