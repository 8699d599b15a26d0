import type { NodeLoad } from '@weir/domain';
import type { DispatchTarget } from './dispatcher.ts';
import { TierTracker } from './tier-tracker.ts';

/** The remote nodes that a device has heard of. */
export class Targets implements Iterable<TierTracker> {
  readonly #trackers = new Map<string, TierTracker>();

  [Symbol.iterator](): Iterator<TierTracker> {
    return this.#trackers.values();
  }

  of(nodeId: string): TierTracker {
    let tracker = this.#trackers.get(nodeId);
    if (!tracker) this.#trackers.set(nodeId, (tracker = new TierTracker(nodeId)));
    return tracker;
  }

  status(now: number): DispatchTarget[] {
    return [...this].map((tracker) => {
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
