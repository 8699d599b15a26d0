import type { LookCurves } from '@weir/domain';
import { createHash } from 'node:crypto';
import type { KnownFamilies } from './known-families.ts';

interface LookSet {
  readonly looks: LookCurves;
  readonly claimants: Set<string>;
  /** Counts up with each set that appears. */
  readonly rank: number;
}

/**
 * What the devices of a cell say that second looks buy. The set of most devices counts for the cell, of equals the one that
 * appeared first: whoever comes later moves nothing by itself, and a family that was measured anew changes over with more
 * than half of its fleet. With known families only their sets count, and devices merely name them. Sets are told apart by
 * what they say, and each is held once, however many devices bring it.
 */
export class LookSets {
  readonly #sets = new Map<string, LookSet>();
  readonly #families: KnownFamilies | undefined;
  #appeared = 0;

  constructor(families?: KnownFamilies) {
    this.#families = families;
  }

  /** Replaces what the device brought before; returns the set as held. */
  claim(deviceId: string, claimed: LookCurves | undefined): LookCurves | undefined {
    const looks = claimed && this.#families ? this.#families.looks(claimed.version) : claimed;
    if (!looks) {
      this.withdraw(deviceId);
      return undefined;
    }
    const key = createHash('sha256').update(JSON.stringify(looks)).digest('base64');
    let set = this.#sets.get(key);
    if (!set) {
      set = { looks, claimants: new Set(), rank: ++this.#appeared };
      this.#sets.set(key, set);
    }
    set.claimants.add(deviceId);
    this.#withdraw(deviceId, set);
    return set.looks;
  }

  withdraw(deviceId: string): void {
    this.#withdraw(deviceId);
  }

  /** Undefined while no device brings any. */
  established(): LookCurves | undefined {
    const sets = [...this.#sets.values()];
    return sets.reduce<LookSet | undefined>(
      (a, b) => (a && (a.claimants.size - b.claimants.size || b.rank - a.rank) > 0 ? a : b),
      undefined,
    )?.looks;
  }

  #withdraw(deviceId: string, kept?: LookSet): void {
    for (const [key, set] of this.#sets)
      if (set !== kept && set.claimants.delete(deviceId) && set.claimants.size === 0) this.#sets.delete(key);
  }
}
