import type { Batch } from '../experience.ts';
import type { StoreLimits } from '../limits.ts';
import { SequenceWindow } from '../sequence-window.ts';

/** What is new in some batches, and what will have been seen once it is stored. */
export interface Draft {
  /** Without what was there before. */
  readonly batches: readonly Batch[];
  /** There is something to store. */
  readonly isNews: boolean;
  readonly windows: ReadonlyMap<string, SequenceWindow>;
}

type Instance = Pick<Batch, 'deviceId' | 'instanceId'>;
type InstanceKey = [deviceId: string, instanceId: string];
const keyOf = ({ deviceId, instanceId }: Instance): string =>
  JSON.stringify([deviceId, instanceId] satisfies InstanceKey);

/** As it is stored, the least recently heard instance first. */
export type StoredSeen = readonly (readonly [...InstanceKey, through: number, ahead: readonly number[]])[];

/** Which outcomes of each agent instance of a cell have been stored. */
export class Seen {
  readonly #limits: StoreLimits;
  readonly #windows = new Map<string, SequenceWindow>();

  constructor(limits: StoreLimits, stored: StoredSeen = []) {
    this.#limits = limits;
    for (const [deviceId, instanceId, through, ahead] of stored)
      this.#windows.set(
        keyOf({ deviceId, instanceId }),
        new SequenceWindow({ through, ahead, limit: limits.maxAhead }),
      );
  }

  /** All sequences of the instance up to and including this one are settled. */
  through(instance: Instance): number {
    return this.#windows.get(keyOf(instance))?.through ?? 0;
  }

  /** Changes nothing: what comes of it is told to `commit` once it is stored. */
  draft(batches: readonly Batch[]): Draft {
    const windows = new Map<string, SequenceWindow>();
    let isNews = false;
    const news = batches.map((batch): Batch => {
      const key = keyOf(batch);
      const window =
        windows.get(key) ??
        this.#windows.get(key)?.copy() ??
        new SequenceWindow({ limit: this.#limits.maxAhead });
      windows.set(key, window);
      const before = window.through;
      const records = batch.records.filter(({ sequence }) => window.admit(sequence));
      if (batch.oldestPending > 0) window.settleBelow(batch.oldestPending);
      isNews ||= records.length > 0 || window.through > before;
      return { ...batch, records };
    });
    return { batches: news, isNews, windows };
  }

  commit({ windows }: Draft): void {
    for (const [key, window] of windows) {
      this.#windows.delete(key);
      this.#windows.set(key, window);
    }
    for (const key of this.#windows.keys()) {
      if (this.#windows.size <= this.#limits.maxStreams) return;
      this.#windows.delete(key);
    }
  }

  toJSON(): StoredSeen {
    return [...this.#windows].map(
      ([key, { through, ahead }]) => [...(JSON.parse(key) as InstanceKey), through, [...ahead]] as const,
    );
  }
}
