import { type Logger, Violations } from '@weir/base';
import { common, type telemetry } from '@weir/proto';
import { everyCell, limits, type TargetAddress, tierFromWire } from '@weir/wire';
import { type NodeState, staleAfterMs } from './cells.ts';
import type { CallCaller } from '@weir/rpc';
import { type OpenWatch, Watches } from './watches.ts';

type State = NodeState<telemetry.ReportRequest>;

interface Entry {
  readonly target: TargetAddress;
  /** The run of the worker that holds the name. */
  readonly instanceId: string;
  heardAt: number;
}

/** Names that two workers use, remembered as told. */
const mostTold = 256;

/**
 * The workers that devices may send frames to, from their reports: those that have an address and do not drain, until they
 * are gone. One of the cell `all` is there for every cell; a cell's own worker of that name comes before it.
 */
export class Directory {
  readonly #logger: Logger;
  readonly #cells = new Map<string, Map<string, Entry>>();
  /** Of cells' lists, by the cells' ids. */
  readonly #watches: Watches<string>;
  readonly #told = new Set<string>();

  constructor({ logger, maxWatches }: { logger: Logger; maxWatches: number }) {
    this.#logger = logger;
    this.#watches = new Watches({ most: maxWatches, flag: 'max-target-watches', keyOf: (cellId) => cellId });
  }

  /** A node's state is new, or its last one: called for every report, so what changes nothing costs nothing. */
  heard({ report, liveness, reportedAt }: State): void {
    const { cellId, nodeId, tier, advertisedAddress: address, load } = report;
    if (tier === common.Tier.DEVICE) return;
    const before = this.#cells.get(cellId)?.get(nodeId);
    const instanceId = load?.instanceId ?? '';
    // Two that report under one name would have every agent go to and fro between them.
    if (before && before.instanceId !== instanceId && reportedAt - before.heardAt <= staleAfterMs)
      return this.#tellTwice(cellId, before, address);
    if (liveness === 'gone' || address === '' || load?.draining) {
      if (before) this.#change(cellId, nodeId, undefined);
      return;
    }
    const isSame = before?.target.address === address && before.instanceId === instanceId;
    if (isSame) before.heardAt = reportedAt;
    else
      this.#change(cellId, nodeId, {
        target: { nodeId, tier: tierFromWire(tier, 'tier', new Violations()), address },
        instanceId,
        heardAt: reportedAt,
      });
  }

  /** By name, those of the cell itself before those of all cells; no more than an agent takes. */
  targets(cellId: string): readonly TargetAddress[] {
    const own = this.#cells.get(cellId);
    const shared = cellId === everyCell ? undefined : this.#cells.get(everyCell);
    const others = [...(shared?.values() ?? [])].filter(({ target }) => !own?.has(target.nodeId));
    return [...sorted(own?.values() ?? []), ...sorted(others)].slice(0, limits.targets);
  }

  /** As `Cells.watch`; something is pending from the start, and after each change. */
  watch(cellId: string, caller: CallCaller): OpenWatch<string> {
    return this.#watches.open(cellId, [cellId], caller);
  }

  #change(cellId: string, nodeId: string, entry: Entry | undefined): void {
    const nodes = this.#cells.get(cellId) ?? new Map<string, Entry>();
    const before = nodes.get(nodeId);
    if (entry) this.#cells.set(cellId, nodes.set(nodeId, entry));
    else nodes.delete(nodeId);
    if (nodes.size === 0) this.#cells.delete(cellId);
    const about = { cell: cellId, node: nodeId };
    if (!before && entry) this.#logger.info({ ...about, address: entry.target.address }, 'target found');
    if (before && !entry) this.#logger.info(about, 'target left');
    // The same worker after a restart is nothing new.
    if (before?.target.address === entry?.target.address && before?.target.tier === entry?.target.tier)
      return;
    const concerned = cellId === everyCell ? [...this.#watches.cellIds] : [cellId];
    for (const each of concerned) for (const watch of this.#watches.of(each)) watch.changed(each);
  }

  #tellTwice(cell: string, { target }: Entry, other: string): void {
    const { nodeId: node, address } = target;
    const key = `${cell} ${node}`;
    if (this.#told.has(key) || this.#told.size >= mostTold) return;
    this.#told.add(key);
    this.#logger.warn(
      { cell, node, address, other },
      `two workers report as node ${node}: devices use the one at ${address}; give the other another --node-id`,
    );
  }
}

const sorted = (entries: Iterable<Entry>): TargetAddress[] =>
  Array.from(entries, ({ target }) => target).sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
