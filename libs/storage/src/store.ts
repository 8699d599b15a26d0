import type {
  Appended,
  Batch,
  CellChange,
  CellSize,
  JournalEntry,
  StoredCell,
  StoredSnapshot,
  StoredVersion,
} from './experience.ts';

/** A backup as a file, which is removed when it is disposed. */
export interface StoreBackup extends Disposable {
  readonly path: string;
}

/** What the cells of a site have learned for new ones. */
export interface SitePrior {
  readonly site: string;
  readonly text: string;
}

/** Reason of errors that mean: the store takes nothing at present; no cell is at fault, and it may be tried again. */
export const storeNotWritable = 'STORE_NOT_WRITABLE';
/** Reason of errors that mean: another process writes for the cell now, and nothing of this one's counts any more. */
export const cellFenced = 'CELL_FENCED';
/** Reason of errors that mean: another process owns the cell, and is reached at `info.owner` (HOST:PORT). */
export const cellOwnedElsewhere = 'CELL_OWNED_ELSEWHERE';

/**
 * Everything that outlives PolicyService. Operations on a cell run in call order; a resolved promise means that the change is
 * on disk, or on those of most replicas. All reject with Unavailable once the store is closed or has failed, while it takes
 * nothing (reason `storeNotWritable`), and once another process has claimed the cell (reason `cellFenced`); with
 * ResourceExhausted while too many wait.
 */
export interface Store extends AsyncDisposable {
  /** Aborts, with the reason, when the store has failed for good and only a new process can help. */
  readonly failed: AbortSignal;
  /**
   * Where processes share the store: tells the others that this one is reached at `address` (HOST:PORT), and keeps telling them
   * that it lives. It claims nothing before. Undefined where the store is one process's own.
   */
  readonly share: ((address: string) => Promise<void>) | undefined;
  /**
   * False while others may have taken this process for dead, and own its cells: it does not know yet, and should steer no device
   * until it does.
   */
  mayOwn(): boolean;
  /**
   * Makes this process the owner of the cell, the only one that writes it. Resolves to the owner's epoch, which rises with each
   * owner; 0 where the store is one process's own. Rejects with Unavailable (reason `cellOwnedElsewhere`) while another process
   * that lives owns it; `evenOwned`: takes it over.
   */
  claim(cellId: string, options?: { evenOwned?: boolean }): Promise<number>;
  /** Gives the cell up for others to own. */
  release(cellId: string): Promise<void>;
  /** Names of all cells ever seen. */
  cells(): Promise<readonly string[]>;
  load(cellId: string): Promise<StoredCell | undefined>;
  /** Applies the whole change or none of it; of members, where many processes share the store, each by itself. */
  change(cellId: string, change: CellChange): Promise<void>;
  /**
   * Forgets a cell of which nothing was ever journaled, unless an objective or a learner was chosen for it; with
   * `evenConfigured` then too. False when it is kept.
   */
  dropUnused(cellId: string, options?: { evenConfigured?: boolean }): Promise<boolean>;
  /** Forgets the cell with all that is stored of it; its name is free at once. False when there is none. */
  remove(cellId: string): Promise<boolean>;
  /** Resolves when all that was forgotten has left the disk, of former runs too. */
  purge(): Promise<void>;
  /** Cells that devices have joined, but not since `at`, epoch ms. */
  notJoinedSince(at: number): Promise<readonly string[]>;
  /** How much is stored of a cell; undefined when there is none. */
  size(cellId: string): Promise<CellSize | undefined>;
  snapshot(cellId: string, learner: string): Promise<StoredSnapshot | undefined>;
  /** Snapshots of this learner in all cells, whoever owns them, one at a time: first of cells that devices have joined last. */
  snapshots(learner: string, limit: number): AsyncIterable<StoredSnapshot & { readonly cellId: string }>;
  /** What cells have learned for new ones; undefined: nothing yet. Shared by all processes, and the last to set it stands. */
  fleetPrior(): Promise<string | undefined>;
  setFleetPrior(text: string): Promise<void>;
  /** As `fleetPrior`, of sites that have stores of their own, as far as they have come here. */
  sitePriors(): Promise<readonly SitePrior[]>;
  /** The versions that were kept, the newest first. */
  versions(cellId: string): Promise<readonly StoredVersion[]>;
  version(cellId: string, number: number): Promise<(StoredVersion & { readonly state: string }) | undefined>;
  /**
   * A copy of one cell or of all, as it is at one instant: with everything that was durable before. Needs as much room beside
   * the store, twice, until it is disposed. Rejects with NotFound for a cell that is none, and with ResourceExhausted while
   * another one is being made; with FailedPrecondition where others keep the store's files.
   */
  backup(cellId?: string): Promise<StoreBackup>;
  /** Reserves `count` unused directive versions, all > `above`; resolves to the last of them. */
  reserveVersions(cellId: string, options: { count: number; above?: number }): Promise<number>;
  /** Journals what is new in the batch. Concurrent calls share one commit. */
  append(batch: Batch): Promise<Appended>;
  /** At most `limit` entries after `position`, oldest first. */
  read(cellId: string, after: number, limit: number): Promise<readonly JournalEntry[]>;
  /** The last entries, at most `limit`, oldest first. */
  newest(cellId: string, limit: number): Promise<readonly JournalEntry[]>;
}
