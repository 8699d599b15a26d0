/** Outcomes of one agent instance, to be journaled. */
export interface Batch {
  readonly cellId: string;
  readonly deviceId: string;
  /** The agent's run; sequences count within it. */
  readonly instanceId: string;
  /** Oldest sequence that may still arrive, >= 1; 0: unknown. Everything below it counts as settled. */
  readonly oldestPending: number;
  readonly records: readonly BatchRecord[];
}

/** One numbered outcome of a batch. */
export interface BatchRecord {
  /** 1, 2, 3 … (a safe integer). */
  readonly sequence: number;
  /** The outcome as JSON text; absent: the sequence is settled without anything to store. */
  readonly outcome?: string;
}

/** Result of a batch, once it is durable. */
export interface Appended {
  /** What is new, in journal order; duplicates and records without an outcome are left out. */
  readonly added: readonly { readonly sequence: number; readonly position: number }[];
  /** All sequences of the instance up to and including this one are settled. */
  readonly through: number;
}

/** One journaled outcome. */
export interface JournalEntry {
  /** Increases with every entry of the store, across restarts too; > 0. */
  readonly position: number;
  readonly outcome: string;
}

/** What is stored of a cell besides its journal. JSON texts are stored verbatim. */
export interface StoredCell {
  /** Objective set at run time, JSON; absent: never set. */
  readonly objective?: string;
  /** Learner chosen at run time; absent: never chosen. */
  readonly learner?: string;
  /** Members of the cell as last known. */
  readonly members: readonly StoredMember[];
}

/** What is stored of one device of a cell. */
export interface StoredMember {
  readonly deviceId: string;
  /** JSON text. */
  readonly state: string;
}

/** Changes of a cell that become durable together; absent fields stay as they are. */
export interface CellChange {
  readonly objective?: string;
  readonly learner?: string;
  /** Added, or replaced. */
  readonly joined?: readonly StoredMember[];
  /** Device ids. */
  readonly left?: readonly string[];
  readonly snapshots?: readonly StoredSnapshot[];
  /** When a device of it was connected, epoch ms. */
  readonly joinedAt?: number;
  /** To keep beside the snapshots. */
  readonly version?: NewVersion;
}

/** A learner's snapshot after the journal up to `position`. */
export interface StoredSnapshot {
  readonly learner: string;
  readonly position: number;
  /** JSON text. */
  readonly state: string;
}

/** What a learner knew at some time, to be kept. */
export interface NewVersion {
  readonly learner: string;
  /** Epoch ms. */
  readonly at: number;
  /** Outcomes that it had learned from. */
  readonly outcomes: number;
  /** Why it is kept, in a few words. */
  readonly why: string;
  /** JSON text. */
  readonly state: string;
}

/** A version that was kept, without its state. */
export interface StoredVersion extends Omit<NewVersion, 'state'> {
  /** 1, 2, 3 … within the cell; never used twice. */
  readonly number: number;
  /** Of its state. */
  readonly bytes: number;
}

/** How much is stored of a cell. */
export interface CellSize {
  readonly learner?: string;
  /** In the journal. */
  readonly outcomes: number;
  /** Of all its rows; the journal's from the mean of its newest. */
  readonly bytes: number;
  /** Epoch ms; absent: no device was ever connected. */
  readonly joinedAt?: number;
  readonly versions: number;
}
