import { type Logger, NotFound, ResourceExhausted } from '@weir/base';
import type { CellStatus } from '@weir/domain';
import { CellHost, type CellHostOptions } from './cell-host.ts';

export interface CellsOptions extends CellHostOptions {
  readonly maxCells: number;
  readonly logger: Logger;
}

/** All cells of the service, each opened once. */
export class Cells implements AsyncDisposable {
  readonly #options: CellsOptions;
  readonly #cells = new Map<string, Promise<CellHost>>();
  readonly #opened = new Map<string, CellHost>();

  constructor(options: CellsOptions) {
    this.#options = options;
  }

  /** Opens every cell that the store knows. Throws ResourceExhausted when they are more than the service may hold. */
  async openStored(): Promise<void> {
    for (const cellId of await this.#options.store.cells()) await this.open(cellId);
  }

  /** The cell, new or not. Throws ResourceExhausted when there are too many. */
  async open(cellId: string): Promise<CellHost> {
    const known = this.#cells.get(cellId);
    if (known) return known;
    const { maxCells } = this.#options;
    if (this.#cells.size >= maxCells)
      throw new ResourceExhausted(`there are ${maxCells} cells, and no more are taken (--max-cells)`);
    const opening = CellHost.open(cellId, this.#options);
    this.#cells.set(cellId, opening);
    try {
      const cell = await opening;
      this.#opened.set(cellId, cell);
      return cell;
    } catch (error) {
      this.#cells.delete(cellId);
      throw error;
    }
  }

  /** How learning and the plan stand in each cell that is open. */
  statuses(): { cellId: string; status: CellStatus }[] {
    return [...this.#opened].map(([cellId, { orchestrator }]) => ({ cellId, status: orchestrator.status() }));
  }

  /** Throws NotFound for a cell that nobody has joined or configured. */
  async get(cellId: string): Promise<CellHost> {
    const cell = this.#cells.get(cellId);
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
