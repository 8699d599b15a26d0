import type { NodeLoad } from '@weir/domain';
import type { DispatchTarget } from './dispatcher.ts';
import { TierTracker } from './tier-tracker.ts';

/** The remote nodes that a device has heard of. */
export class Targets implements Iterable<TierTracker> {
  readonly #trackers = new Map<string, TierTracker>();
  /** Not to be used again unless they are heard of. */
  readonly #gone = new Set<string>();

  [Symbol.iterator](): Iterator<TierTracker> {
    return this.#trackers.values();
  }

  of(nodeId: string): TierTracker {
    let tracker = this.#trackers.get(nodeId);
    if (!tracker) this.#trackers.set(nodeId, (tracker = new TierTracker(nodeId)));
    return tracker;
  }

  /** The node has been heard of. */
  known(nodeId: string): TierTracker {
    this.#gone.delete(nodeId);
    return this.of(nodeId);
  }

  /** The node is a target no longer. What is known of it is kept while an action names it. */
  leave(nodeId: string, now: number): void {
    const tracker = this.#trackers.get(nodeId);
    if (!tracker) return;
    tracker.setReachable(false, now);
    this.#gone.add(nodeId);
  }

  /** Forgets those that have left and are not `named`. */
  forgetUnless(named: (nodeId: string) => boolean): void {
    for (const nodeId of this.#gone) {
      if (named(nodeId)) continue;
      this.#gone.delete(nodeId);
      this.#trackers.delete(nodeId);
    }
  }

  status(now: number): DispatchTarget[] {
    const staying = [...this].filter(({ nodeId }) => !this.#gone.has(nodeId));
    return staying.map((tracker) => {
      const load: NodeLoad | undefined = tracker.load;
      return {
        nodeId: tracker.nodeId,
        usable: tracker.isUsable(now) && !tracker.outliers.ejection,
        ejected: tracker.outliers.reason,
        ...(load && { load }),
        loadAgeMs: tracker.loadAgeMs(now),
      };
    });
  }
}
