import type { Random } from '@weir/base';
import type {
  ComputeNode,
  Objective,
  Placement,
  Variant,
  ActionCost,
  BalanceReport,
  Canary,
  Directive,
  LookCurves,
  NodeLoad,
  Tier,
} from '@weir/domain';
import type { Decision } from './decision.ts';
import type { Explanation } from './explanation.ts';
import type { EjectionChange } from './node-outliers.ts';

export interface DispatcherOptions {
  readonly deviceId: string;
  /** The device's own processor; carries the device's id. */
  readonly localNode: ComputeNode;
  /** Variants known on any target: what the local actions are made of before calibration. */
  readonly variants: readonly Variant[];
  /** What second looks buy; absent: every first answer stands. */
  readonly looks?: LookCurves;
  /** In force until the first directive brings the cell's. */
  readonly objective: Objective;
  /**
   * Where a directive is to come: tiers that frames may use until then, beside what the objective says. The cell's floor is not
   * known until then either: frames get the most accurate variant with which the nodes keep up and that can answer in time.
   * @default no directive is to come: all tiers, and no floor but the objective's
   */
  readonly undirectedTiers?: readonly Tier[] | undefined;
  /** Breaks ties between actions of equal cost and accuracy. */
  readonly random: Random;
  /** Time of creation, ms. @default 0 */
  readonly now?: number;
  /** Share of work that hedges may add to that of frames, 0..1. @default 0 */
  readonly hedgeShare?: number;
  /** Called when a target is ejected, and when it is in use again. */
  readonly onEjection?: (change: EjectionChange) => void;
}

export interface DispatchOptions {
  /** Time left for this frame, ms. @default the objective's deadline */
  readonly deadlineMs?: number;
  /** Nodes to leave out, e.g. because this frame has just failed there. */
  readonly exclude?: ReadonlySet<string> | readonly string[];
  /**
   * Least accuracy that may be promised of this frame, 0..1, where the balance would cover less; a plan is then obeyed no
   * more than others. @default none
   */
  readonly leastAccuracy?: number | undefined;
  /** The one variant that may answer, without a second look; the floor holds all the same. @default any */
  readonly variant?: string | undefined;
  /** `variant` may answer whatever the floor, as in an obeyed plan: the balance pays what it can. @default false */
  readonly belowFloor?: boolean | undefined;
  /**
   * Where the frame falls in [0, 1) among those that `canary` shares with the variant that it stands in for, always the same
   * for one picture. Called only where there is such a canary. @default no canary gets it
   */
  readonly draw?: ((canary: string) => number) | undefined;
}

/** What a device knows of its model family. */
export interface DispatchFamily {
  /** Variants known on any target. */
  readonly variants: readonly Variant[];
  /** What second looks buy; absent: every first answer stands. */
  readonly looks?: LookCurves | undefined;
  /** Those of the variants that answer only in the place of others. @default none */
  readonly canaries?: readonly Canary[];
  /** Names of variants that are to run nowhere any more. @default none */
  readonly retired?: ReadonlySet<string>;
}

/** How a frame ended. */
export interface Settlement {
  /** False: no answer; the frame's reservation is refunded. */
  readonly ok: boolean;
  /** Response time, ms; teaches how wrong predictions are. */
  readonly responseMs?: number;
  /** Wait for a slot, ms; stands in for load reports while they are missing. */
  readonly queueMs?: number;
  /** Time that the target itself took for it, decode and compute, ms; far above what was expected, it speaks against it. */
  readonly serviceMs?: number;
  /** Frames that ran together with it, itself among them: each may take so many times as long. @default 1 */
  readonly batchSize?: number;
  /** Why there is no answer, where that may speak against the target: it failed, or let the time run out. */
  readonly fault?: 'failed' | 'late';
  /** Instant before which the target said that it could not have answered; it refused the frame for that. */
  readonly soonestAnswerAt?: number;
}

/** The device's own answer to a frame that a target is answering too. */
export interface Hedge {
  readonly decision: Decision;
  /** Expected, J: of the hedge, and of the target. */
  readonly energyJ: { readonly own: number; readonly target: number };
}

/** One remote node as the dispatcher sees it. */
export interface DispatchTarget {
  readonly nodeId: string;
  /** Reachable, heard from within the last 5 s, and not ejected as a whole. */
  readonly usable: boolean;
  /** Why it, or variants of it, are ejected; empty when nothing is. */
  readonly ejected: string;
  readonly load?: NodeLoad;
  /** Infinity before its first report. */
  readonly loadAgeMs: number;
}

/** The objective in force, and how the device stands by it. */
export interface Account {
  readonly objective: Objective;
  readonly balance: BalanceReport;
  /** Accuracy that the directive takes off every variant, 0..1. */
  readonly shortfall: number;
}

export interface DispatchStatus extends Account {
  readonly directiveVersion: number;
  readonly learner: string;
  readonly planned: Placement | undefined;
  readonly leaseExpired: boolean;
  /** The plan is obeyed as it is: the planner answers for the floor. */
  readonly obeys: boolean;
  /** μ now, ms per unit of accuracy. */
  readonly accuracyPriceMs: number;
  /** Over the last 5 s. */
  readonly framesPerSecond: number;
  /** ca²: 0 periodic, 1 Poisson. */
  readonly arrivalVariability: number;
  readonly targets: readonly DispatchTarget[];
}

/**
 * Places each frame of one device. Pure: times are passed in, in ms of any clock that does not go
 * backwards; no timers, no I/O. The rule: cost.ts; its constants: docs/learning.md, "On the device".
 */
export interface Dispatcher {
  /**
   * Adopts a directive. Ignores an older version of the same instance; the same version again renews the lease.
   * When the lease runs out, the dispatcher carries on by the last directive and its own balance, and says so.
   */
  applyDirective(directive: Directive, now: number): void;
  /** The directive holds for another lease; ignored when another version is in force. */
  renewLease(version: number, now: number): void;
  /**
   * What the device knows by itself (calibration, the workers' service times, pings): used before the first directive, and
   * whenever a directive leaves no action that is allowed.
   */
  setFallbackActions(actions: readonly ActionCost[]): void;
  /** The objective this device requests for itself; it can raise the floor and narrow the tiers, never the reverse. */
  setOwnObjective(objective: Partial<Objective> | undefined): void;
  /** Variants have come, gone or changed their part. */
  setFamily(family: DispatchFamily): void;
  /** A node's load as of `now`, from a report, an answer or the local runner. Proves that the node is alive. */
  reportLoad(load: NodeLoad, now: number): void;
  /** True when a node's stream is up or it answered a probe, false when it broke. Unknown nodes are not used. */
  setReachable(nodeId: string, reachable: boolean, now: number): void;
  /** The node is a target no longer: it gets no frames, and is forgotten as soon as no action names it. */
  leaveTarget(nodeId: string, now: number): void;
  /** Variants of a node that must never run there, by name: it means other models by these; replaces the former ones. */
  setForeign(nodeId: string, variants: ReadonlySet<string>): void;
  /** Silent or unreachable nodes that are due for a probe; each at most once a second. */
  probesDue(now: number): string[];
  /**
   * Places one frame and reserves its accuracy and work at once; settle every decision. Throws ResourceExhausted
   * (DEADLINE_UNREACHABLE, with retryAfterMs) before anything is counted or reserved when no target can answer in time
   * (admission.ts), FailedPrecondition, naming the constraints, when nothing is allowed.
   */
  dispatch(now: number, options?: DispatchOptions): Decision;
  /**
   * Why the last `dispatch` decided as it did, or found nothing that is allowed; to be asked before the dispatcher does anything
   * else. Undefined before the first frame.
   */
  explain(): Explanation | undefined;
  /**
   * The device's own answer at the same time, where the target that `decision` has just sent the frame to would miss the
   * deadline at its 95th percentile, though not on average: at the cheapest of its variants that the floor allows alone and
   * that is in time. Undefined where there is none, where extra work has used up its share, and while a plan is obeyed. Both
   * decisions hold what they have reserved until they are settled: that of the answer as answered, the other as not.
   */
  hedge(decision: Decision, now: number, options?: DispatchOptions): Hedge | undefined;
  /**
   * Places the second look at a frame, when its first has answered with a margin below `lookAgain.marginBelow`, or when
   * another second look has failed: at the now cheapest place that is allowed and expected in time. Settles `decision`
   * with `settlement` either way. Undefined when there is no such place: the first answer stands then, and the balance is
   * charged what the second look would have gained. Settle what comes back as any decision; when that look fails for
   * good, call this again.
   */
  lookAgain(
    decision: Decision,
    settlement: Settlement,
    now: number,
    options?: DispatchOptions,
  ): Decision | undefined;
  /**
   * Where a copy of a frame may go for which nobody waits, to find out whether an ejected target does well again
   * (node-outliers.ts). Undefined while no probe is due. Reserves no accuracy; settle it as any decision.
   */
  probe(now: number): Decision | undefined;
  /**
   * Where a copy of a frame may go for which nobody waits, to find out whether a link is still as slow as the policy has learned
   * (link-checks.ts). Undefined while no check is due. Reserves no accuracy; settle it as any decision, and tell the policy
   * what it took.
   */
  linkCheck(now: number): Decision | undefined;
  /**
   * Where the most accurate variant may look once an answer by `variant` has gone out, to check it: at each of the places
   * that are allowed now, the cheapest first; empty when there is none. Undefined when no allowed variant is more accurate, and
   * while a plan is obeyed: its epochs are measured undisturbed. Nothing is reserved, and there is nothing to settle.
   */
  audits(variant: string, now: number): readonly Decision[] | undefined;
  /** Closes a decision once; later calls do nothing. A failed frame may then be dispatched again. */
  settle(decision: Decision, settlement: Settlement, now: number): void;
  account(): Account;
  /** More than `account`, and dearer. */
  status(now: number): DispatchStatus;
}
