import { type Logger, NotFound, ResourceExhausted, Unavailable } from '@weir/base';
import type { CellStatus } from '@weir/domain';
import { CellHost, type CellHostOptions } from './host.ts';
import { isExpected } from '../internal-errors.ts';
import { goOnUnless } from '../journal/recovery.ts';
import { storeNotWritable } from '@weir/storage';

/** Time after which a cell that was set aside is tried again, ms. */
const reopenAfterMs = 30_000;

export interface CellsOptions extends CellHostOptions {
  readonly maxCells: number;
  readonly logger: Logger;
}

/** All cells of the service, each opened once. */
export class Cells implements AsyncDisposable {
  readonly #options: CellsOptions;
  readonly #cells = new Map<string, Promise<CellHost>>();
  readonly #opened = new Map<string, CellHost>();
  /** Cells that could not be opened: why, and when it was tried. */
  readonly #setAside = new Map<string, { readonly reason: Error; readonly at: number }>();

  constructor(options: CellsOptions) {
    this.#options = options;
  }

  /**
   * Opens every cell that the store knows. One that cannot be opened is set aside, and the others serve. Throws
   * Unavailable while the store is not writable (reason `storeNotWritable`): then call it again later; and when the service
   * stops.
   */
  async openStored(): Promise<void> {
    const { store, clock, logger, signal } = this.#options;
    for (const cellId of await store.cells())
      try {
        goOnUnless(signal);
        await this.open(cellId);
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
   * The cell, new or not. Throws ResourceExhausted when there are too many, Unavailable (reason CELL_SET_ASIDE) for one that
   * could not be opened a short time ago, and is tried again later, and (reason `storeNotWritable`) while the disk takes
   * nothing. `like`: goes on, unless it is open, with this one's objective and learner.
   */
  async open(cellId: string, like?: CellHost): Promise<CellHost> {
    const known = this.#cells.get(cellId);
    if (known) return known;
    const { maxCells, clock, logger, errors } = this.#options;
    const aside = this.#setAside.get(cellId);
    if (aside && clock.now() - aside.at < reopenAfterMs) throw setAside(cellId, aside.reason);
    if (this.#cells.size >= maxCells)
      throw new ResourceExhausted(`there are ${maxCells} cells, and no more are taken (--max-cells)`);
    const opening = this.#open(cellId, like);
    this.#cells.set(cellId, opening);
    try {
      const cell = await opening;
      this.#opened.set(cellId, cell);
      this.#setAside.delete(cellId);
      return cell;
    } catch (error) {
      this.#cells.delete(cellId);
      if (!isOfCell(error)) throw error;
      if (isExpected(error))
        logger.error({ err: error, cellId }, 'the cell cannot be opened and is set aside');
      else errors.report('open', error, { cellId });
      this.#setAside.set(cellId, { reason: error as Error, at: clock.now() });
      throw setAside(cellId, error as Error);
    }
  }

  async #open(cellId: string, like: CellHost | undefined): Promise<CellHost> {
    if (like) {
      const { objective, learner } = like.orchestrator;
      // Stored, so that it is the same after a restart.
      await this.#options.store.change(cellId, {
        objective: JSON.stringify(objective),
        learner: learner.name,
      });
    }
    return CellHost.open(cellId, this.#options);
  }

  /** How learning and the plan stand in each cell that is open. */
  statuses(): { cellId: string; status: CellStatus }[] {
    return [...this.#opened].map(([cellId, { orchestrator }]) => ({ cellId, status: orchestrator.status() }));
  }

  /** The open cells whose id `accepts`. */
  openWhere(accepts: (cellId: string) => boolean): { readonly cellId: string; readonly cell: CellHost }[] {
    return [...this.#opened].flatMap(([cellId, cell]) => (accepts(cellId) ? [{ cellId, cell }] : []));
  }

  /** Throws NotFound for a cell that nobody has joined or configured, and what `open` throws for one that is set aside. */
  async get(cellId: string): Promise<CellHost> {
    const cell = this.#cells.get(cellId);
    if (!cell && this.#setAside.has(cellId)) return this.open(cellId);
    if (!cell) throw new NotFound(`there is no cell ${cellId}`);
    return cell;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const cells = await Promise.allSettled(this.#cells.values());
    const closing = cells.flatMap((cell) =>
      cell.status === 'fulfilled' ? [cell.value[Symbol.asyncDispose]()] : [],
    );
    for (const closed of await Promise.allSettled(closing))
      if (closed.status === 'rejected')
        this.#options.logger.error({ err: closed.reason as unknown }, 'a cell was not saved');
  }
}

/** False for what keeps any cell from being opened. */
const isOfCell = (error: unknown): boolean =>
  !(error instanceof Unavailable && [storeNotWritable, 'STOPPING'].includes(error.reason));

const setAside = (cellId: string, reason: Error) =>
  new Unavailable(
    `cell ${cellId} cannot be opened (${isExpected(reason) ? reason.message : 'see the log of PolicyService'}); the others go on`,
    { reason: 'CELL_SET_ASIDE', cause: reason },
  );
