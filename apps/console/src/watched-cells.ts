import type { IncomingMessage } from 'node:http';
import type { Login } from './login.ts';
import type { CellList } from './sources.ts';
import type { WatchedCell } from './watched-cell.ts';

/** Most cells that are followed at once. */
const most = 16;
/** What a cell is called where nobody has named it. */
const defaultCellId = 'cell-1';

export interface WatchedCellsOptions {
  /** The one cell that there is; undefined: all that the list has. */
  readonly only: string | undefined;
  readonly list: Pick<CellList, 'cellIds'> | undefined;
  readonly login: Pick<Login, 'cellOf'> | undefined;
  readonly open: (cellId: string) => WatchedCell;
  /** Whether a page shows it now. */
  readonly isShown: (cellId: string) => boolean;
}

/** The cells that pages may choose from. One is followed from the first time that a page shows it. */
export class WatchedCells implements AsyncDisposable {
  readonly #options: WatchedCellsOptions;
  /** The longest unasked-for first. */
  readonly #watched = new Map<string, WatchedCell>();

  constructor(options: WatchedCellsOptions) {
    this.#options = options;
    this.follow(this.first);
  }

  /** What a page shows that has not chosen. */
  get first(): string {
    return this.#options.only ?? this.#options.list?.cellIds[0] ?? defaultCellId;
  }

  get watched(): Iterable<WatchedCell> {
    return this.#watched.values();
  }

  /** What whoever asks may choose from: an operator of one cell has that alone. */
  choice(request: IncomingMessage): readonly string[] {
    const { only, list, login } = this.#options;
    const own = login?.cellOf(request);
    if (own !== undefined) return [own];
    return only === undefined ? (list?.cellIds ?? []) : [only];
  }

  /**
   * The cell that a request is about: the one that it names, or the first. Undefined where that is none, or is not for who asks; a
   * cell that is followed stays though its last node has left.
   */
  of(request: IncomingMessage): WatchedCell | undefined {
    const own = this.#options.login?.cellOf(request);
    const asked = new URL(request.url ?? '/', 'http://console').searchParams.get('cell');
    const cellId = asked ?? own ?? this.first;
    if (own !== undefined && own !== cellId) return undefined;
    const known = [own, this.first, ...this.#watched.keys(), ...this.choice(request)];
    return known.includes(cellId) ? this.follow(cellId) : undefined;
  }

  follow(cellId: string): WatchedCell {
    const cell = this.#watched.get(cellId) ?? this.#options.open(cellId);
    this.#watched.delete(cellId);
    this.#watched.set(cellId, cell);
    if (this.#watched.size > most) this.#leaveOne(cellId);
    return cell;
  }

  /** The one that nobody has asked for the longest, but no page goes blank for another. */
  #leaveOne(but: string): void {
    for (const [cellId, cell] of this.#watched) {
      if (cellId === but || this.#options.isShown(cellId)) continue;
      this.#watched.delete(cellId);
      return void cell[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#watched.values()].map((cell) => cell[Symbol.asyncDispose]()));
  }
}
