import { type Clock, ResourceExhausted } from '@weir/base';
import type { Liveness } from '@weir/domain';
import { type CallCaller, Quota, QuotaExceeded } from '@weir/rpc';
import { type OpenWatch, Watches } from './watches.ts';

/** The part of a report that this service reads; the rest it passes on. */
export interface NodeReport {
  readonly cellId: string;
  readonly nodeId: string;
}

/** The newest report of a node. `reportedAt` is by the clock of this service, ms. */
export interface NodeState<Report extends NodeReport> {
  readonly report: Report;
  readonly liveness: Liveness;
  readonly reportedAt: number;
}

export interface CellLimits {
  readonly maxCells: number;
  /** Cells that exist because of one caller's reports. */
  readonly cellsPerCaller: number;
  readonly maxNodesPerCell: number;
  /** Most watches of all cells together. */
  readonly maxWatches: number;
}

/** One reporting stream. */
export interface Reporter<Report> extends Disposable {
  /** Throws ResourceExhausted when the node is new and there is no room for it. */
  take(report: Report): void;
}

export const staleAfterMs = 3_000;
export const goneAfterMs = 15_000;
const sweepMs = 250;

/**
 * The newest state of every node of every cell. A node that reports is live; silent for more than 3 s it is stale; for
 * more than 15 s, or when its stream ends, it is gone: watchers hear of it once and the node is forgotten. A cell exists
 * as long as it has nodes.
 */
export class Cells<Report extends NodeReport> implements Disposable {
  readonly #clock: Clock;
  readonly #limits: CellLimits;
  readonly #cells = new Map<string, Map<string, Node<Report>>>();
  readonly #watches: Watches<NodeState<Report>>;
  readonly #quota: Quota;
  readonly #onState: (state: NodeState<Report>) => void;
  readonly #stopSweeping: () => void;

  /** `onState` hears of every report, and of every node that becomes stale or is gone. */
  constructor({
    clock,
    limits,
    onState = () => {},
  }: {
    clock: Clock;
    limits: CellLimits;
    onState?: (state: NodeState<Report>) => void;
  }) {
    this.#clock = clock;
    this.#onState = onState;
    this.#limits = limits;
    this.#watches = new Watches<NodeState<Report>>({ most: limits.maxWatches, flag: 'max-watches', keyOf });
    this.#quota = new Quota({
      of: 'cells',
      perCaller: limits.cellsPerCaller,
      cure: 'end the reports of some, or raise --cells-per-caller',
    });
    this.#stopSweeping = clock.every(sweepMs, () => this.#sweep());
  }

  /** Opens one node's stream of reports; disposing it removes the node, unless a newer stream has replaced it. */
  openReporter(caller: CallCaller): Reporter<Report> {
    let last: Report | undefined;
    const reporter: Reporter<Report> = {
      take: (report) => {
        this.#take(report, { reporter, caller });
        last = report;
      },
      [Symbol.dispose]: () => {
        const node = last && this.#cells.get(last.cellId)?.get(last.nodeId);
        if (node?.reporter === reporter) this.#forget(node);
      },
    };
    return reporter;
  }

  /** All nodes of a cell, newest report first; none for an unknown cell. */
  nodes(cellId: string): NodeState<Report>[] {
    const nodes = [...(this.#cells.get(cellId)?.values() ?? [])];
    return nodes.map(({ state }) => state).sort((a, b) => b.reportedAt - a.reportedAt);
  }

  /** Their names, in alphabetical order. */
  get cellIds(): string[] {
    return [...this.#cells.keys()].sort();
  }

  /** Over all cells: nodes by liveness, and open watches. */
  count(): { live: number; stale: number; watches: number } {
    const states = [...this.#cells.values()].flatMap((nodes) =>
      [...nodes.values()].map(({ state }) => state),
    );
    const live = states.filter(({ liveness }) => liveness === 'live').length;
    return { live, stale: states.length - live, watches: this.#watches.size };
  }

  /**
   * Disposing ends the watch. Throws ResourceExhausted when there are too many. `lost` aborts,
   * with the reason, when it holds most of the watches and another one needs a place.
   */
  watch(cellId: string, caller: CallCaller): OpenWatch<NodeState<Report>> {
    return this.#watches.open(cellId, this.nodes(cellId).toReversed(), caller);
  }

  [Symbol.dispose](): void {
    this.#stopSweeping();
  }

  #take(
    report: Report,
    { reporter, caller }: { readonly reporter: Reporter<Report>; readonly caller: CallCaller },
  ): void {
    const { cellId, nodeId } = report;
    const { maxCells, maxNodesPerCell } = this.#limits;
    const nodes = this.#cells.get(cellId) ?? new Map<string, Node<Report>>();
    if (nodes.size === 0 && this.#cells.size >= maxCells)
      throw new QuotaExceeded(
        'cells',
        `there are ${maxCells} cells, and no more are taken: raise --max-cells`,
      );
    if (!nodes.has(nodeId) && nodes.size >= maxNodesPerCell)
      throw new ResourceExhausted(
        `cell ${cellId} has ${maxNodesPerCell} nodes, and no more are taken: raise --max-nodes-per-cell`,
      );
    if (nodes.size === 0) this.#quota.take(cellId, caller);
    const state = { report, liveness: 'live', reportedAt: this.#clock.now() } as const;
    this.#cells.set(cellId, nodes.set(nodeId, { state, reporter }));
    this.#tell(state);
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const nodes of this.#cells.values())
      for (const node of nodes.values()) {
        const silentMs = now - node.state.reportedAt;
        if (silentMs > goneAfterMs) this.#forget(node);
        else if (silentMs > staleAfterMs && node.state.liveness === 'live') {
          node.state = { ...node.state, liveness: 'stale' };
          this.#tell(node.state);
        }
      }
  }

  #forget({ state }: Node<Report>): void {
    const { cellId, nodeId } = state.report;
    const nodes = this.#cells.get(cellId);
    nodes?.delete(nodeId);
    if (nodes?.size === 0) {
      this.#cells.delete(cellId);
      this.#quota.release(cellId);
    }
    this.#tell({ ...state, liveness: 'gone' });
  }

  #tell(state: NodeState<Report>): void {
    this.#onState(state);
    for (const watch of this.#watches.of(state.report.cellId))
      if (state.liveness === 'gone') watch.removed(state);
      else watch.changed(state);
  }
}

interface Node<Report extends NodeReport> {
  state: NodeState<Report>;
  /** The stream it reports on; an older one no longer counts. */
  readonly reporter: Reporter<Report>;
}

const keyOf = ({ report }: NodeState<NodeReport>) => report.nodeId;
