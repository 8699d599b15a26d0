import type { Clock, Logger } from '@weir/base';
import type { Store } from '@weir/storage';
import type { Cells } from './cells.ts';
import { cellOf } from './families.ts';

export interface AttendanceOptions {
  readonly cells: Cells;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Cells that no device has been connected to for so long are deleted, ms. @default never */
  readonly expireMs?: number | undefined;
  readonly onExpired: (cellId: string) => void;
}

/** Time between two looks who is there, ms. */
const lookMs = 5_000;
const hourMs = 3_600_000;

/**
 * Keeps note of when a device was last connected to each cell, and deletes cells that nobody has joined for too long. Not
 * in the first hour: whoever is on the way back after an outage is not to find its cell deleted.
 */
export class Attendance implements Disposable {
  readonly #options: AttendanceOptions;
  /** When it was noted, of cells with devices. */
  readonly #noted = new Map<string, number>();
  readonly #noteMs: number;
  readonly #expireFrom: number;
  readonly #stop: () => void;
  #expiring = false;

  constructor(options: AttendanceOptions) {
    const { clock, expireMs = Infinity } = options;
    this.#options = options;
    this.#noteMs = Math.min(hourMs, expireMs / 10);
    this.#expireFrom = clock.now() + Math.min(hourMs, expireMs);
    this.#stop = clock.every(lookMs, () => this.#look());
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #look(): void {
    const { cells, clock, logger } = this.#options;
    const now = clock.now();
    const attended = new Set(
      cells
        .openWhere(() => true)
        .filter(({ cell }) => cell.devices.sessions.size > 0)
        // A device beside a cell, because of its models, is one of that cell's.
        .flatMap(({ cellId }) => [cellId, cellOf(cellId) ?? cellId]),
    );
    for (const cellId of new Set([...attended, ...this.#noted.keys()])) {
      const noted = this.#noted.get(cellId);
      // Once more when the last one has left.
      if (!attended.has(cellId)) this.#noted.delete(cellId);
      else if (noted !== undefined && now - noted < this.#noteMs) continue;
      else this.#noted.set(cellId, now);
      cells
        .noteJoined(cellId, now)
        .catch((err: unknown) => logger.warn({ err, cellId }, 'who was here is not stored'));
    }
    if (now < this.#expireFrom || this.#expiring) return;
    this.#expiring = true;
    this.#expire(now)
      .catch((err: unknown) => logger.warn({ err }, 'cells that nobody joins are not deleted'))
      .finally(() => (this.#expiring = false));
  }

  async #expire(now: number): Promise<void> {
    const { cells, store, logger, expireMs, onExpired } = this.#options;
    if (expireMs === undefined) return;
    for (const cellId of await store.notJoinedSince(now - expireMs)) {
      if (!(await cells.removeUnattended(cellId))) continue;
      logger.warn({ cellId, expireMs }, 'the cell is deleted: no device has joined it for too long');
      onExpired(cellId);
    }
  }
}
