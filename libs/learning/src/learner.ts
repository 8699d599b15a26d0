import type { Steps } from '@weir/base';
import type { ActionCost, Cell, NodeLoad, Outcome, Placement, PlannedLook } from '@weir/domain';

/**
 * What a learner is told before it proposes. Membership may change from one observation to the next: devices join and
 * leave, nodes come and go.
 */
export interface CellObservation {
  /** Now, ms since the epoch (or virtual ms). */
  readonly at: number;
  readonly cell: Cell;
  /** One entry for each device. */
  readonly devices: readonly DeviceObservation[];
  /** Newest load of each node (remote nodes, and device processors where known). */
  readonly loads: readonly NodeLoad[];
}

/** What the monitors know of one device. */
export interface DeviceObservation {
  readonly deviceId: string;
  /** Links to the remote nodes; a node that is missing cannot be reached at all. */
  readonly links: readonly LinkObservation[];
  /** Service times by the agent's calibration, ms per variant; missing: never calibrated. */
  readonly calibration: ReadonlyMap<string, number>;
  /** Frames per second over the last 5 s; 0 in synchronous epochs; at least `idleFramesPerSecond` in a living cell. */
  readonly framesPerSecond: number;
  /** Balance of accuracy, frames × accuracy; 0 in synchronous epochs. */
  readonly balance: number;
  /** Squared coefficient of variation of the times between frames: 0 periodic, 1 Poisson. @default 1 */
  readonly arrivalVariability?: number;
}

/** One link of a device, as the monitors see it. */
export interface LinkObservation {
  readonly nodeId: string;
  readonly reachable: boolean;
  /** Round trip of a small message, ms; 0 when not yet measured. */
  readonly roundTripMs: number;
  /** Class by the round trip: the paper's two. */
  readonly class: 'regular' | 'weak';
  /** Service times by the node's own benchmark, ms per variant. */
  readonly services: ReadonlyMap<string, number>;
}

/** One joint placement with what an agent needs to deviate from it. */
export interface Plan {
  /** A placement for every device of the observation. */
  readonly placements: ReadonlyMap<string, Placement>;
  /** Second looks of devices whose least certain frames are to be looked at again; absent: none. */
  readonly secondLooks?: ReadonlyMap<string, PlannedLook>;
  /** θ, ms; Infinity for learners whose joint action must be obeyed. */
  readonly thresholdMs: number;
  /** True when the plan departs from the best known one to learn. */
  readonly explored: boolean;
  /** Probability of the joint placement as a whole, 0..1; 1 where no chance was in it, 0 where it is not known. */
  readonly propensity: number;
  /** Learned costs of every action open to each device; empty for learners without a cost model. */
  readonly actions: ReadonlyMap<string, readonly ActionCost[]>;
  /** μ₀, ms per unit of accuracy; 0 for learners without one. */
  readonly accuracyPriceMs: number;
  /** Mean response time expected of each device, ms; empty for learners without a cost model. */
  readonly predictedMs: ReadonlyMap<string, number>;
  /**
   * Inferences worth running beside the users' frames, with nobody waiting for the answer, to notice that an unused
   * target has changed. Whoever has heartbeats and benchmarks instead may leave them out. Outcomes come back `shadow`.
   */
  readonly probes?: readonly Probe[];
}

/** One shadow inference. */
export interface Probe {
  readonly deviceId: string;
  readonly placement: Placement;
}

/** Figures that every learner can give of itself. */
export interface LearnerStatus {
  readonly outcomes: number;
  readonly plans: number;
  /** Plans that depart from the best one known in order to learn. */
  readonly exploringPlans: number;
  /** Expected excess of exploring plans over the best ones known, relative to all response time, 0..1. */
  readonly explorationShare: number;
  readonly driftAlarms: number;
  /** Cells whose experience it began with; absent: none. */
  readonly priorCells?: number;
}

/** What a learner has learned: JSON-serialisable, self-describing. */
export interface LearnerSnapshot {
  readonly format: 'weir.learner';
  readonly version: number;
  readonly learner: string;
  readonly state: unknown;
}

/**
 * The one interface of all learners. Pure: no clock, no I/O, chance passed in at creation. Synchronous epochs call
 * observe → propose → learn(all outcomes of the epoch); a living cell calls observe and propose about once a second or
 * on change, and learn whenever outcomes arrive, late, lost and out of order as they may be.
 */
export interface Learner {
  readonly name: string;
  observe(observation: CellObservation): void;
  /** Throws FailedPrecondition when no joint placement meets the hard constraints; says which. */
  propose(): Plan;
  /**
   * `observe`, then `propose`, in steps: until the last of them nothing is observed, learned or asked for but `status` and
   * `snapshot`, and they may be given up. For learners of large cells, whose plans take longer than others can wait.
   */
  planInSteps?(observation: CellObservation): Steps<Plan>;
  /**
   * Of the plan just proposed: the probability, over the learner's own chance alone, with which it places each device where
   * it does; a device that is left out: not known. To be asked before anything else is observed or learned. Learners without
   * it mean `Plan.propensity`.
   */
  propensities?(): ReadonlyMap<string, number>;
  learn(outcomes: readonly Outcome[]): void;
  /** The best joint placement as far as known, without exploring; what `propose` would say were there nothing to learn. */
  best(): ReadonlyMap<string, Placement>;
  /** Its second looks, for learners that plan some. */
  bestSecondLooks?(): ReadonlyMap<string, PlannedLook>;
  status(): LearnerStatus;
  snapshot(): LearnerSnapshot;
  /** The same in steps: until the last of them nothing is observed, learned or planned. For learners of large cells. */
  snapshotInSteps?(): Steps<LearnerSnapshot>;
  /** Throws InvalidInput when the snapshot is corrupt, of another learner or of another version. */
  restore(snapshot: LearnerSnapshot): void;
}
