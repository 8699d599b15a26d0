import type { telemetry } from '@weir/proto';
import { livenessFromWire } from '@weir/wire';
import type { EventView } from './snapshot.ts';

interface Known {
  liveness: 'live' | 'stale' | 'gone' | undefined;
  draining: boolean;
  /** The run that reported last, and those that it replaced. */
  instanceId: string;
  readonly earlier: Set<string>;
  /** When two were last seen at once, epoch ms. */
  twiceAt: number;
}

/** Most nodes remembered, of which those that are gone make room for others, and runs of each. */
const most = { nodes: 1_000, runs: 64 };
/** Silence after which two of one name are told of again, ms. */
const twiceAgainMs = 30_000;

/** Says what becomes of a cell's nodes, from what Telemetry tells: who joins, drains, falls silent, restarts, or is there twice. */
export class NodeEvents {
  readonly #tell: (kind: EventView['kind'], text: string) => void;
  readonly #nodes = new Map<string, Known>();

  constructor(tell: (kind: EventView['kind'], text: string) => void) {
    this.#tell = tell;
  }

  /** `first`: the whole state, after which changes follow; it is no news who is there. `now`: epoch ms. */
  heard(states: readonly telemetry.NodeState[], { first, now }: { first: boolean; now: number }): void {
    for (const state of states) if (state.report) this.#heard(state.report, state, { first, now });
  }

  #heard(
    report: telemetry.ReportRequest,
    state: telemetry.NodeState,
    { first, now }: { first: boolean; now: number },
  ): void {
    const { nodeId } = report;
    const liveness = livenessFromWire(state.liveness);
    const instanceId = report.agent?.instanceId || report.load?.instanceId || '';
    const draining = report.load?.draining ?? false;
    const known = this.#nodes.get(nodeId);
    if (!known) {
      if (liveness === 'gone' || !this.#hasRoom()) return;
      this.#nodes.set(nodeId, {
        liveness,
        draining,
        instanceId,
        earlier: new Set(),
        twiceAt: -Infinity,
      });
      if (!first) this.#tell('good', `${nodeId} has joined`);
      return;
    }
    const before = { ...known };
    Object.assign(known, { liveness, draining });
    // The last report may come together with the end.
    if (draining && !before.draining) this.#tell('info', `${nodeId} is draining: it takes no new work`);
    if (liveness === 'gone') return this.#left(nodeId, { ...before, draining });
    if (liveness === 'stale' && before.liveness === 'live') this.#tell('bad', `${nodeId} is silent`);
    if (instanceId !== before.instanceId) this.#another(nodeId, known, instanceId, now);
    else if (liveness === 'live' && before.liveness !== 'live') this.#tell('good', `${nodeId} is back`);
  }

  #hasRoom(): boolean {
    if (this.#nodes.size < most.nodes) return true;
    for (const [nodeId, { liveness }] of this.#nodes)
      if (liveness === 'gone') return this.#nodes.delete(nodeId);
    return false;
  }

  #left(nodeId: string, { liveness, draining }: Known): void {
    if (draining) this.#tell('info', `${nodeId} has drained and left`);
    else if (liveness === 'stale') this.#tell('bad', `${nodeId} has been silent for 15 s and counts as gone`);
    else this.#tell('bad', `${nodeId} has left without draining: it was stopped, or its connection broke`);
  }

  /** A run that comes back after another has taken its place is a second one of the same name. */
  #another(nodeId: string, known: Known, instanceId: string, now: number): void {
    if (known.earlier.has(instanceId)) {
      if (now - known.twiceAt > twiceAgainMs)
        this.#tell('bad', `two report as ${nodeId} at once: give one of them another id`);
      known.twiceAt = now;
    } else if (known.instanceId !== '' && instanceId !== '') this.#tell('good', `${nodeId} has restarted`);
    if (known.earlier.size < most.runs) known.earlier.add(known.instanceId);
    known.instanceId = instanceId;
  }
}
