import { Aborted, type Logger, NotFound, ResourceExhausted, type Steps, Unavailable } from '@weir/base';
import type { CellFigures, CellSummary } from '@weir/domain';
import { type CallCaller, isSteering, Quota, QuotaExceeded } from '@weir/rpc';
import { inSlices } from '../planning/in-slices.ts';
import { Turnstile } from '../planning/turnstile.ts';
import { CellHost, type CellHostOptions } from './host.ts';
import { isExpected } from '../internal-errors.ts';
import { goOnUnless } from '../journal/recovery.ts';
import { cellFenced, cellOwnedElsewhere, storeNotWritable } from '@weir/storage';

const defaultIdleMs = 600_000;
/** Marks the id of a cell beside another one, for devices of another model family. */
export const besideMark = '~family-';
const isBeside = (cellId: string): boolean => cellId.lastIndexOf(besideMark) > 0;

/** Time after which a cell that was set aside is tried again, ms. */
const reopenAfterMs = 30_000;

export interface CellsOptions extends CellHostOptions {
  readonly maxCells: number;
  /** Cells that one caller has opened and that stand. @default maxCells */
  readonly cellsPerCaller?: number | undefined;
  /** Time after which a cell that nobody uses is closed, ms; it is opened again when it is asked for. @default 600 000 */
  readonly idleMs?: number | undefined;
  readonly logger: Logger;
}

export interface OpenCellFigures extends CellFigures {
  readonly cellId: string;
  /** In the plan. */
  readonly devices: number;
  readonly connected: number;
}

/** Share of the cells that is kept for operators where callers have certificates. */
const operatorsShare = 1 / 16;

/** How often idle cells are looked for, ms. */
const sweepMs = 5_000;
/** Least time that a cell stays open, idle or not: whoever has just opened it may be about to use it, ms. */
const leastOpenMs = 2_000;

/**
 * All cells of the service, each opened once. Those that have no devices are closed after a while, and at once when others
 * need their place: what was learned stays in the store.
 */
export class Cells implements AsyncDisposable {
  readonly #options: CellsOptions & { readonly turnstile: Turnstile };
  readonly #cells = new Map<string, Promise<CellHost>>();
  readonly #opened = new Map<string, CellHost>();
  /** Names of cells of the store that are not open. */
  readonly #closed = new Set<string>();
  readonly #quota: Quota;
  readonly #closing = new Map<string, Promise<void>>();
  /** When each cell that is open was last used, ms. */
  readonly #used = new Map<string, number>();
  readonly #stopSweeping: () => void;
  /** Cells that could not be opened: why, and when it was tried. */
  readonly #setAside = new Map<string, { readonly reason: Error; readonly at: number }>();

  constructor(options: CellsOptions) {
    this.#options = { turnstile: new Turnstile(options.clock), ...options };
    this.#quota = new Quota({
      of: 'cells',
      perCaller: options.cellsPerCaller ?? options.maxCells,
      cure: 'end the sessions of some, which are closed once they are idle, or raise --cells-per-caller',
    });
    this.#stopSweeping = options.clock.every(sweepMs, () => this.#sweep());
  }

  /**
   * Opens every cell of the store that has devices. One that cannot be opened is set aside, and the others serve. Throws
   * Unavailable while the store is not writable (reason `storeNotWritable`): then call it again later; and when the service
   * stops.
   */
  async openStored(): Promise<void> {
    const { store, clock, logger, signal } = this.#options;
    // Those of a store that is shared have owners, or are for whoever is asked for them first.
    if (store.share) return;
    // What a former run had begun to delete.
    store.purge().catch((err: unknown) => {
      if (isOfCell(err)) logger.warn({ err }, 'what was deleted is still on the disk');
    });
    for (const cellId of await store.cells()) if (!this.#cells.has(cellId)) this.#closed.add(cellId);
    for (const cellId of [...this.#closed])
      try {
        goOnUnless(signal);
        // One without devices is opened when somebody asks for it.
        if ((await store.load(cellId))?.members.length !== 0) await this.open(cellId);
      } catch (error) {
        if (!isOfCell(error)) throw error;
        // `open` has told of a cell that it set aside; one too many is no fault of the cell's.
        if (this.#setAside.has(cellId)) continue;
        logger.error({ err: error, cellId }, 'the stored cell is not opened and is set aside');
        this.#setAside.set(cellId, { reason: error as Error, at: clock.now() });
      }
  }

  /** How many cells of the store are set aside. */
  get setAside(): number {
    return this.#setAside.size;
  }

  /**
   * The cell, new or not. Throws ResourceExhausted when there are too many, or too many of its caller's, Unavailable (reason
   * CELL_SET_ASIDE) for one that could not be opened a short time ago, and is tried again later, and (reason
   * `storeNotWritable`) while the disk takes nothing. `by`: whose place it takes if it is not open yet; none: nobody's.
   * `like`: goes on, unless it is open, with this one's objective and learner.
   */
  async open(
    cellId: string,
    { by, like }: { readonly by?: CallCaller | undefined; readonly like?: CellHost } = {},
  ): Promise<CellHost> {
    while (this.#closing.has(cellId)) await this.#closing.get(cellId);
    const { clock, logger, errors } = this.#options;
    const known = this.#cells.get(cellId);
    if (known) {
      this.#used.set(cellId, clock.now());
      return known;
    }
    const aside = this.#setAside.get(cellId);
    const isFull = aside?.reason instanceof ResourceExhausted;
    if (aside && !isFull && clock.now() - aside.at < reopenAfterMs) throw setAside(cellId, aside.reason);
    this.#takePlace(cellId, by);
    const opening = this.#open(cellId, like);
    this.#cells.set(cellId, opening);
    try {
      const cell = await opening;
      this.#opened.set(cellId, cell);
      this.#used.set(cellId, clock.now());
      this.#closed.delete(cellId);
      this.#setAside.delete(cellId);
      return cell;
    } catch (error) {
      this.#cells.delete(cellId);
      this.#quota.release(cellId);
      if (!isOfCell(error)) throw error;
      if (isExpected(error))
        logger.error({ err: error, cellId }, 'the cell cannot be opened and is set aside');
      else errors.report('open', error, { cellId });
      this.#setAside.set(cellId, { reason: error as Error, at: clock.now() });
      throw setAside(cellId, error as Error);
    }
  }

  async #open(cellId: string, like: CellHost | undefined): Promise<CellHost> {
    const { store } = this.#options;
    // One beside another is whose that one is.
    const ownerEpoch = await store.claim(cellId, { evenOwned: isBeside(cellId) });
    if (like) {
      const { objective, learner } = like.orchestrator;
      // Stored, so that it is the same after a restart.
      await store.change(cellId, {
        objective: JSON.stringify(objective),
        learner: learner.name,
      });
    }
    return CellHost.open(cellId, this.#options, ownerEpoch);
  }

  /** How each cell that is open stands. */
  figures(): OpenCellFigures[] {
    return [...this.#opened].map(([cellId, { orchestrator, devices }]) => ({
      cellId,
      ...orchestrator.figures(),
      devices: devices.members.size,
      connected: devices.sessions.size,
    }));
  }

  /** What the steps come to, done in slices between those of plans. */
  inSlices<T>(steps: Steps<T>): Promise<T> {
    return inSlices(steps, this.#options);
  }

  /** The open cells whose id `accepts`. */
  openWhere(accepts: (cellId: string) => boolean): { readonly cellId: string; readonly cell: CellHost }[] {
    return [...this.#opened].flatMap(([cellId, cell]) => (accepts(cellId) ? [{ cellId, cell }] : []));
  }

  /**
   * Another process has taken the cell over: its devices are to look for that one, and those of the cells beside it too. What
   * was not acknowledged they send again.
   */
  lose(cellId: string): void {
    const reason = new Unavailable(`another policy has taken cell ${cellId} over: join again`, {
      reason: cellFenced,
    });
    this.#options.logger.warn({ cellId }, reason.message);
    const lost = this.openWhere((id) => id === cellId || id.startsWith(cellId + besideMark));
    this.#leave(new Set([cellId, ...lost.map((each) => each.cellId)]), reason);
  }

  /** The store has not been reached for so long that other processes may have all cells: their devices are to ask them. */
  loseAll(): void {
    const reason = new Unavailable('the policy is cut off from its store: join another one', {
      reason: cellFenced,
    });
    const lost = new Set(this.#opened.keys());
    if (lost.size === 0) return;
    this.#options.logger.warn({ cells: lost.size }, reason.message);
    this.#leave(lost, reason);
  }

  #leave(cellIds: ReadonlySet<string>, reason: Unavailable): void {
    const { store, logger } = this.#options;
    for (const cellId of cellIds) {
      const cell = this.#opened.get(cellId);
      if (cell) {
        for (const map of [this.#opened, this.#cells, this.#used]) map.delete(cellId);
        this.#quota.release(cellId);
        cell.lose(reason);
      }
      store.release(cellId).catch((err: unknown) => logger.warn({ err, cellId }, 'the cell is not given up'));
    }
  }

  /** Throws NotFound for a cell that nobody has joined or configured, and what `open` throws for one that is set aside. */
  async get(cellId: string): Promise<CellHost> {
    while (this.#closing.has(cellId)) await this.#closing.get(cellId);
    const { store } = this.#options;
    const cell = this.#cells.get(cellId);
    const isStored =
      this.#closed.has(cellId) ||
      (!cell && store.share !== undefined && (await store.load(cellId)) !== undefined);
    if (!cell && (isStored || this.#setAside.has(cellId))) return this.open(cellId);
    if (!cell) throw new NotFound(`there is no cell ${cellId}`);
    return cell;
  }

  /** Names of all cells, open or stored. */
  async names(): Promise<readonly string[]> {
    const stored = await this.#options.store.cells();
    return [...new Set([...stored, ...this.#cells.keys()])].sort();
  }

  /** How the cell stands and how much is stored of it; undefined for one that is none. */
  async summary(cellId: string): Promise<CellSummary | undefined> {
    const { store, clock, learner: byDefault } = this.#options;
    const size = await store.size(cellId);
    if (!size) return undefined;
    const { joinedAt, learner: chosen = byDefault, ...stored } = size;
    const cell = this.#opened.get(cellId);
    const aside = this.#setAside.get(cellId);
    const learner = cell?.orchestrator.learner;
    const connected = cell?.devices.sessions.size ?? 0;
    const agoMs = joinedAt === undefined ? undefined : Math.max(0, clock.now() - joinedAt);
    return {
      ...stored,
      cellId,
      isOpen: cell !== undefined,
      devices: cell?.devices.members.size ?? 0,
      connected,
      plans: learner?.status().plans ?? 0,
      learner: learner?.name ?? chosen,
      joinedAgeMs: connected > 0 ? 0 : agoMs,
      ...(aside && { setAside: aside.reason.message }),
    };
  }

  /** A device of the cell was connected at that time, epoch ms. Changes nothing of a cell that is being deleted. */
  async noteJoined(cellId: string, joinedAt: number): Promise<void> {
    if (this.#closing.has(cellId) || !(this.#opened.has(cellId) || this.#closed.has(cellId))) return;
    await this.#options.store.change(cellId, { joinedAt });
  }

  /**
   * Deletes the cell, and those beside it, with all that is stored of them; resolves when it has left the disk. Sessions of
   * its devices end, and one that joins again opens a new cell. Throws NotFound for a cell that is none.
   */
  async remove(cellId: string): Promise<{ cellIds: readonly string[]; sessionsEnded: number }> {
    const cellIds = (await this.names()).filter(
      (id) => id === cellId || id.startsWith(`${cellId}${besideMark}`),
    );
    if (!cellIds.includes(cellId)) throw new NotFound(`there is no cell ${cellId}`);
    const ended = await Promise.all(cellIds.map((id) => this.#remove(id)));
    await this.#options.store.purge();
    const sessionsEnded = ended.reduce((sum, count) => sum + count, 0);
    this.#options.logger.warn({ cellIds, sessionsEnded }, `cell ${cellId} is deleted`);
    return { cellIds, sessionsEnded };
  }

  /**
   * Deletes the cell, unless devices are connected to it or it is being opened, perhaps for one. False when it stays, or is
   * another process's to delete.
   */
  async removeUnattended(cellId: string): Promise<boolean> {
    while (this.#closing.has(cellId)) await this.#closing.get(cellId);
    const cell = this.#opened.get(cellId);
    if (cell ? cell.devices.sessions.size > 0 : this.#cells.has(cellId)) return false;
    try {
      await this.#remove(cellId);
    } catch (error) {
      if (error instanceof Unavailable && error.reason === cellOwnedElsewhere) return false;
      throw error;
    }
    await this.#options.store.purge();
    return true;
  }

  async #remove(cellId: string): Promise<number> {
    while (this.#closing.has(cellId)) await this.#closing.get(cellId);
    const opening = this.#cells.get(cellId);
    for (const map of [this.#opened, this.#cells, this.#used, this.#setAside]) map.delete(cellId);
    this.#closed.delete(cellId);
    this.#quota.release(cellId);
    const removing = (async () => {
      const cell = await opening?.catch(() => undefined);
      // Who was opening it has just put it there.
      for (const map of [this.#opened, this.#used]) map.delete(cellId);
      const ended = cell?.endSessions(cellDeleted(cellId)) ?? 0;
      await cell?.[Symbol.asyncDispose]();
      await this.#options.store.remove(cellId);
      return ended;
    })();
    const settled = removing
      .then(
        () => {},
        // It is as it was: whoever asks for it opens it again.
        () => void this.#closed.add(cellId),
      )
      .finally(() => this.#closing.delete(cellId));
    this.#closing.set(cellId, settled);
    return removing;
  }

  #sweep(): void {
    const { clock, idleMs = defaultIdleMs } = this.#options;
    for (const [cellId, at] of this.#idle()) if (clock.now() - at >= idleMs) this.#close(cellId);
  }

  /** Makes room where it is needed, by closing what is idle. */
  #takePlace(cellId: string, by: CallCaller | undefined): void {
    const { maxCells } = this.#options;
    if (by && this.#quota.isSpent(by)) this.#closeLongestIdle(new Set(this.#quota.heldBy(by)));
    const kept = by?.role && !isSteering(by) ? Math.floor(operatorsShare * maxCells) : 0;
    const most = maxCells - kept;
    if (this.#cells.size >= most) this.#closeLongestIdle();
    if (this.#cells.size >= most)
      throw new QuotaExceeded(
        'cells',
        `there are ${this.#cells.size} cells, and no more are taken: raise --max-cells`,
        { retryAfterMs: sweepMs },
      );
    if (by) this.#quota.take(cellId, by);
  }

  /** Of those named, or of all. */
  #closeLongestIdle(among?: ReadonlySet<string>): void {
    const longest = this.#idle().find(([cellId]) => among?.has(cellId) ?? true);
    if (longest) this.#close(longest[0]);
  }

  /** Cells that nobody is planned for, and when they were last used, the longest unused first. */
  #idle(): readonly (readonly [string, number])[] {
    const now = this.#options.clock.now();
    for (const [cellId, cell] of this.#opened) if (!cell.isIdle) this.#used.set(cellId, now);
    return [...this.#opened]
      .map(([cellId]) => [cellId, this.#used.get(cellId) ?? now] as const)
      .filter(([, at]) => now - at >= leastOpenMs)
      .sort(([, a], [, b]) => a - b);
  }

  #close(cellId: string): void {
    const { store, logger } = this.#options;
    const cell = this.#opened.get(cellId)!;
    for (const map of [this.#opened, this.#cells, this.#used]) map.delete(cellId);
    this.#quota.release(cellId);
    this.#closed.add(cellId);
    const closing = (async () => {
      await cell[Symbol.asyncDispose]();
      // A cell beside another has that one's objective: nobody chose it.
      const evenConfigured = isBeside(cellId);
      if (await store.dropUnused(cellId, { evenConfigured })) this.#closed.delete(cellId);
      await store.release(cellId);
      logger.debug({ cellId }, 'the cell is closed: it has no devices');
    })()
      .catch((err: unknown) => logger.warn({ err, cellId }, 'the idle cell was not saved'))
      .finally(() => this.#closing.delete(cellId));
    this.#closing.set(cellId, closing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopSweeping();
    await Promise.all(this.#closing.values());
    const cells = await Promise.allSettled(this.#cells.values());
    const closing = cells.flatMap((cell) =>
      cell.status === 'fulfilled' ? [cell.value[Symbol.asyncDispose]()] : [],
    );
    for (const closed of await Promise.allSettled(closing))
      if (closed.status === 'rejected')
        this.#options.logger.error({ err: closed.reason as unknown }, 'a cell was not saved');
  }
}

/** False for what keeps any cell from being opened, or deleted. */
const isOfCell = (error: unknown): boolean =>
  !(
    error instanceof Unavailable &&
    [storeNotWritable, cellOwnedElsewhere, cellFenced, 'STOPPING'].includes(error.reason)
  );

const cellDeleted = (cellId: string) =>
  new Aborted(`cell ${cellId} was deleted; who joins again opens a new one`, { reason: 'CELL_DELETED' });

const setAside = (cellId: string, reason: Error) =>
  new Unavailable(
    `cell ${cellId} cannot be opened (${isExpected(reason) ? reason.message : 'see the log of PolicyService'}); the others go on`,
    { reason: 'CELL_SET_ASIDE', cause: reason },
  );
