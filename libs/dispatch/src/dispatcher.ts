import type { Random } from '@weir/base';
import type {
  ComputeNode,
  Objective,
  Placement,
  Variant,
  ActionCost,
  BalanceReport,
  Directive,
  NodeLoad,
} from '@weir/domain';
import type { Decision } from './decision.ts';

export interface DispatcherOptions {
  readonly deviceId: string;
  /** The device's own processor; carries the device's id. */
  readonly localNode: ComputeNode;
  /** Variants known on any target; for the local actions before any calibration. */
  readonly variants: readonly Variant[];
  /** Before the first directive: the cell's objective as far as the device knows it. */
  readonly objective: Objective;
  /** Decides between actions that are equal in cost and accuracy. */
  readonly random: Random;
  /** Time of creation, ms. @default 0 */
  readonly now?: number;
}

export interface DispatchOptions {
  /** Time left for this frame, ms. @default the objective's deadline */
  readonly deadlineMs?: number;
  /** Nodes not to be used, e.g. because this frame has just failed there. */
  readonly exclude?: ReadonlySet<string> | readonly string[];
}

/** How a frame ended. */
export interface Settlement {
  /** False: no answer; what the frame had booked is given back. */
  readonly ok: boolean;
  /** Its response time, ms; teaches how far predictions go wrong. */
  readonly responseMs?: number;
  /** Its wait for a slot, ms; stands in for load reports while those are missing. */
  readonly queueMs?: number;
}

/** One remote node as the dispatcher sees it. */
export interface DispatchTarget {
  readonly nodeId: string;
  /** Reachable and heard of within the last 5 s. */
  readonly usable: boolean;
  readonly load?: NodeLoad;
  /** Infinity when it never reported. */
  readonly loadAgeMs: number;
}

export interface DispatchStatus {
  readonly directiveVersion: number;
  readonly learner: string;
  readonly planned: Placement | undefined;
  readonly leaseExpired: boolean;
  readonly objective: Objective;
  readonly balance: BalanceReport;
  /** μ now, ms per unit of accuracy. */
  readonly accuracyPriceMs: number;
  /** Over the last 5 s. */
  readonly framesPerSecond: number;
  /** ca²: 0 periodic, 1 Poisson. */
  readonly arrivalVariability: number;
  readonly targets: readonly DispatchTarget[];
}

/**
 * What an agent knows and how it places one frame. Pure: times are passed in, in ms of any one clock that does not go
 * backwards; no timers, no I/O. Rule and constants: docs/learning.md, "On the device".
 */
export interface Dispatcher {
  /**
   * Takes over a directive; older versions than the one in force are ignored, the same one again renews the lease.
   * When the lease runs out the dispatcher goes on by the last directive and its own balance and says so.
   */
  applyDirective(directive: Directive, now: number): void;
  /**
   * The device's own knowledge (calibration, benchmarks of the tiers, pings): used before the first directive, and
   * whenever a directive leaves no action that is allowed.
   */
  setFallbackActions(actions: readonly ActionCost[]): void;
  /** What this device asks beyond its cell; never lowers the floor nor widens the tiers. Undefined: nothing. */
  setOwnObjective(objective: Partial<Objective> | undefined): void;
  /** A node's load as of `now`: a remote one's report or answer, or the own runner's. Proves that the node lives. */
  reportLoad(load: NodeLoad, now: number): void;
  /** True when the stream to a node stands or it answered a probe; false when it broke. Unknown nodes are not used. */
  setReachable(nodeId: string, reachable: boolean, now: number): void;
  /** Nodes that are silent or unreachable and should be asked for a sign of life now; each at most once a second. */
  probesDue(now: number): string[];
  /**
   * Places one frame, booking its accuracy and work at once; every decision must be settled. Throws FailedPrecondition
   * when nothing is allowed and names the constraints.
   */
  dispatch(now: number, options?: DispatchOptions): Decision;
  /** Closes a decision; once, later calls do nothing. A failed frame may then be dispatched again. */
  settle(decision: Decision, settlement: Settlement, now: number): void;
  status(now: number): DispatchStatus;
}
