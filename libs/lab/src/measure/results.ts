import type { Estimate, Interval } from '@weir/base';
import type { KnownAccuracy, Spread } from '@weir/cell';
import type { Tier } from '@weir/domain';

/** What the lab writes. Times in ms, accuracies and shares 0..1, gaps and differences in per cent. */

/** One placement of a joint placement. */
export interface PlacedDevice {
  readonly deviceId: string;
  readonly tier: Tier;
  readonly nodeId: string;
  readonly variant: string;
  /** Where frames are looked at again whose first look has a smaller margin than `marginBelow`; absent: none is. */
  readonly secondLook?: {
    readonly tier: Tier;
    readonly nodeId: string;
    readonly variant: string;
    readonly marginBelow: number;
  };
}

export type { Estimate, Interval };

/** Second looks at the frames that count. */
export interface LooksResult {
  /** Share of the frames that a second look answered. */
  readonly share: number;
  /** Share of the first looks that were right. */
  readonly firstRight: number;
  /** Share of the second looks that said the same as the first; null: there was none. */
  readonly agreed: number | null;
  /**
   * Right answers (`accuracy`) had only the least certain frames been looked at again, and the share `first` been left to
   * its first look: from 1, all of them, down to as it was.
   */
  readonly coverage: readonly { readonly first: number; readonly accuracy: number }[];
}

/** One synchronous epoch of one learner. */
export interface CurvePoint {
  /** Epochs of this learner so far, from 1. */
  readonly epoch: number;
  /** When its frames were sent, ms since the experiment began; null: an earlier version ran this. */
  readonly atMs: number | null;
  readonly phase: 'learning' | 'measured';
  /** Mean response time of the epoch's frames, as measured. */
  readonly responseMs: number;
  /** What the cost table says of the joint placement that was run. */
  readonly tableMs: number;
  /** The same of the best joint placement as far as the learner knew; null where that is below the floor. */
  readonly bestKnownMs: number | null;
  /** Expected accuracy of the joint placement. */
  readonly accuracy: number;
  /** The learner tried something out. */
  readonly explored: boolean;
  /** Each device's own frame, by id; empty: an earlier version ran this. */
  readonly devices: readonly DevicePoint[];
}

/** One device's frame of one synchronous epoch. */
export interface DevicePoint {
  readonly deviceId: string;
  /** As measured. */
  readonly responseMs: number;
  /** What the frame was promised, 0..1. */
  readonly accuracy: number;
}

/** One learner in one experiment; `oracle` is the best joint placement by the cost table, run beside the others. */
export interface LearnerResult {
  readonly learner: string;
  readonly epochs: number;
  /** Epochs that were left out because a device did not yet hold the plan or a frame failed. */
  readonly discarded: number;
  /** Of all frames after the learning phase. */
  readonly responseMs: Spread;
  /** Mean response time after the learning phase, over epochs. */
  readonly steadyMs: Estimate;
  /** `top1`: right answers by the pictures' labels, with its interval; `expected`: mean of what was promised. After the learning phase. */
  readonly accuracy: { readonly top1: Estimate; readonly n: number; readonly expected: number };
  /** After the learning phase; null: an earlier version ran this. */
  readonly looks: LooksResult | null;
  /** Epochs until the best joint placement known stays within 5 % of the oracle by the cost table; null: never. */
  readonly interactionsTo5pct: number | null;
  /** Measured mean against that of the oracle in the same run. */
  readonly gapToOraclePct: number;
  /** Of the gap, by the bootstrap over this run's epochs; null: the oracle itself, or too few epochs. */
  readonly gapToOracleIntervalPct: Interval | null;
  /** Measured mean against that of offload-only in the same run; null when it was not run. Negative is faster. */
  readonly overOffloadOnlyPct: number | null;
  /** Right answers less those of offload-only, both shown the same pictures, in points of per cent, with its interval. */
  readonly accuracyOverOffloadOnly: Estimate | null;
  /** Epochs whose joint placement was below the floor, the learning phase included. */
  readonly floorViolations: number;
  readonly placements: readonly { readonly tier: Tier; readonly variant: string; readonly share: number }[];
  /** Mean of each part of the response: agentMs, uplinkMs, queueMs, decodeMs, computeMs, downlinkMs. */
  readonly hopsMs: Readonly<Record<string, number>>;
  readonly curve: readonly CurvePoint[];
}

/** One experiment in synchronous epochs. */
export interface ExperimentResult {
  readonly kind: 'epochs';
  readonly name: string;
  readonly title: string;
  /** A to D for the paper's cells. */
  readonly experiment?: string;
  readonly users: number;
  readonly accuracies: 'measured' | 'published';
  /** `label`: none, 80, 85, 89, best, or the number given. `value`: in the family's own terms. */
  readonly floor: { readonly label: string; readonly value: number };
  readonly seed: number;
  readonly seconds: number;
  readonly oracle: {
    readonly meanMs: number;
    readonly accuracy: number;
    readonly placements: readonly PlacedDevice[];
    /** Joint placements compared. */
    readonly compared: number;
    /** The best that can be had with the most accurate variant alone: how good offload-only could be. */
    readonly offloadOnlyMs: number | null;
  };
  /** Times measured in the profiling pass. */
  readonly costTable: CostTableJson;
  /** How well the table told what was then seen, over all epochs of all learners. */
  readonly prediction: {
    readonly epochs: number;
    readonly meanAbsoluteErrorPct: number;
    readonly biasPct: number;
  };
  readonly learners: readonly LearnerResult[];
  /** Rules tuned in hindsight that nothing lets meet the floor in this cell, and that did not run therefore; absent: an earlier version ran this. */
  readonly unable?: readonly string[];
  readonly overheads: Overheads;
}

export interface CostTableJson {
  readonly local: readonly {
    readonly deviceId: string;
    readonly variant: string;
    readonly ms: number;
    readonly samples: number;
  }[];
  /** `concurrency`: devices that ask the node at once. `network`: per device. */
  readonly remote: readonly {
    readonly nodeId: string;
    readonly tier: Tier;
    readonly variant: string;
    readonly concurrency: number;
    readonly ms: number;
    readonly samples: number;
  }[];
  readonly network: readonly {
    readonly deviceId: string;
    readonly nodeId: string;
    readonly ms: number;
    readonly samples: number;
  }[];
}

/** What orchestration itself costs. */
export interface Overheads {
  /** From the request for a plan to the plan, at PolicyService. */
  readonly planningMs: Spread;
  /** From the plan until every device holds it. */
  readonly pushMs: Spread;
  /** The agent's part of a frame: dispatch and hand-over. */
  readonly agentMs: number;
  /** Bytes over all links up and down per remote inference, reports and probes included. */
  readonly bytesPerRemoteInference: { readonly up: number; readonly down: number } | null;
  /** Share of one core that each kind of process took while epochs ran; null where it cannot be read. */
  readonly processorShare: Readonly<Record<'telemetry' | 'policy' | 'agents' | 'workers', number>> | null;
}

/** Frames, and those of them after which the cell's cumulative expected accuracy was below the floor. */
export interface FloorWatch {
  readonly frames: number;
  readonly floorViolations: number;
}

/** What a frame counts for: a rule learns before its blocks, and each block begins with a warm-up. */
export type ArrivalsPhase = 'learning' | 'warmup' | 'measured';

/** One rule under asynchronous arrivals. */
export interface ArrivalsRule {
  /** `default`: planner and dispatch; `static`: the best static joint placement, obeyed; else a learner's name. */
  readonly rule: string;
  /** Answered, of those that count: not of the learning, and not of the warm-ups. */
  readonly frames: number;
  /** Not answered, in the blocks; those of the warm-ups too. */
  readonly failed: number;
  readonly responseMs: Spread;
  /** Over blocks. */
  readonly meanMs: Estimate;
  readonly accuracy: { readonly top1: Estimate; readonly n: number; readonly expected: number };
  /** Null: an earlier version ran this. */
  readonly looks: LooksResult | null;
  /** Of `frames`, those after which the cell's cumulative expected accuracy, from the block's first frame on, was below the floor. */
  readonly floorViolations: number;
  /** The same of the warm-ups; null: an earlier version ran this, and counted them among `floorViolations`. */
  readonly warmup: FloorWatch | null;
  /** The same of the rule's learning; null: it does not learn, or an earlier version ran this, and did not watch. */
  readonly learning: FloorWatch | null;
  readonly overStaticPct: number | null;
  readonly placements: readonly { readonly tier: Tier; readonly variant: string; readonly share: number }[];
  readonly hopsMs: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  /** Empty: an earlier version ran this. */
  readonly curve: readonly ArrivalsPoint[];
}

/** Frames that one device sent within one window of time. */
export interface ArrivalsPoint {
  /** Beginning of the window, ms since the experiment began. */
  readonly atMs: number;
  readonly phase: ArrivalsPhase;
  readonly deviceId: string;
  /** Answered. */
  readonly frames: number;
  /** Mean. */
  readonly responseMs: number;
  /** Mean of what the frames were promised. */
  readonly accuracy: number;
}

/** One experiment with frames that arrive by themselves. */
export interface ArrivalsResult {
  readonly kind: 'arrivals';
  readonly name: string;
  readonly title: string;
  readonly users: number;
  readonly pattern: 'poisson' | 'periodic';
  /** Share of what the cell would sustain with the best variant everywhere. */
  readonly load: number;
  readonly framesPerSecondAndDevice: number;
  readonly floor: { readonly label: string; readonly value: number };
  readonly seed: number;
  readonly seconds: number;
  /** The static joint placements compared, by the table and a queueing formula; the best one is run as `static`. */
  readonly static: { readonly predictedMs: number; readonly placements: readonly PlacedDevice[] };
  readonly rules: readonly ArrivalsRule[];
  /** Rules tuned in hindsight that nothing lets meet the floor in this cell, and that did not run therefore; absent: an earlier version ran this. */
  readonly unable?: readonly string[];
  readonly overheads: Overheads;
}

/** How a learner follows a change of the cell. */
export interface AdaptationResult {
  readonly kind: 'adaptation';
  readonly name: string;
  readonly title: string;
  readonly seed: number;
  readonly seconds: number;
  /** What happens, before the epoch with this number. */
  readonly events: readonly { readonly epoch: number; readonly label: string }[];
  /** Oracle in force, from this epoch on. */
  readonly oracle: readonly { readonly epoch: number; readonly meanMs: number }[];
  readonly learners: readonly {
    readonly learner: string;
    /** After each event: epochs until plans are within 5 % of the oracle by the table again; null: never. */
    readonly recoveryEpochs: readonly (number | null)[];
    readonly curve: readonly CurvePoint[];
  }[];
}

/** Learning from a snapshot of elsewhere against learning from nothing, in the same run. */
export interface TransferResult {
  readonly kind: 'transfer';
  readonly name: string;
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly learner: string;
  readonly seed: number;
  readonly seconds: number;
  readonly oracleMs: number;
  readonly starts: readonly {
    readonly start: 'scratch' | 'snapshot';
    readonly interactionsTo5pct: number | null;
    /** Sum over the epochs of measured response − measured oracle. */
    readonly regretMs: number;
    readonly curve: readonly CurvePoint[];
  }[];
}

/** How long learners need, live. */
export interface LearningResult {
  readonly kind: 'learning';
  readonly name: string;
  readonly title: string;
  readonly users: number;
  readonly seed: number;
  readonly seconds: number;
  readonly oracleMs: number;
  readonly learners: readonly {
    readonly learner: string;
    readonly interactionsTo5pct: number | null;
    readonly floorViolations: number;
    readonly curve: readonly CurvePoint[];
  }[];
}

/** Consecutive frames of the whole cell. */
export interface PicturesBlock {
  /** Answered. */
  readonly frames: number;
  readonly failed: number;
  /** Whether these pictures are the changed ones. */
  readonly changed: boolean;
  /** Share of right answers, by the pictures' labels. */
  readonly right: Estimate;
  /** Share that the most accurate variant answers right of the same pictures. */
  readonly bestRight: number;
  /** Share that would have been right with the first look alone. */
  readonly firstRight: number;
  /** Mean of what the frames were promised. */
  readonly promised: number;
  /** Share of frames that were looked at twice. */
  readonly looks: number;
  readonly meanMs: number;
  /** What the cell knew itself when the block was over. */
  readonly known: KnownAccuracy;
}

/** Pictures that change in mid-run. */
export interface PicturesResult {
  readonly kind: 'pictures';
  readonly name: string;
  readonly title: string;
  readonly learner: string;
  readonly users: number;
  readonly floor: { readonly label: string; readonly value: number };
  readonly pattern: 'poisson' | 'periodic';
  readonly load: number;
  readonly framesPerSecondAndDevice: number;
  /** Of the changed pictures, relative to the others. */
  readonly contrast: number;
  /** Share of the answers that were audited. */
  readonly audits: number;
  /** Whether the cell was told the labels. */
  readonly truths: boolean;
  readonly seed: number;
  readonly seconds: number;
  readonly blocks: readonly PicturesBlock[];
  /**
   * Frames after the change from which on, to the end, answers lose no more against the most accurate variant's than the
   * floor allows; null: never.
   */
  readonly framesToRecover: number | null;
}

export type UnitResult =
  ExperimentResult | ArrivalsResult | AdaptationResult | TransferResult | LearningResult | PicturesResult;

/** `results.json` of a reproduction. */
export interface Results {
  readonly format: 'weir.lab';
  readonly version: 1;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly command: string;
  readonly quick: boolean;
  readonly seed: number;
  readonly machine: { readonly processor: string; readonly cores: number; readonly node: string };
  /** What was emulated, for the reader. */
  readonly emulated: readonly string[];
  /** Paper's floors in the family's own terms. */
  readonly floors: readonly {
    readonly label: string;
    readonly paper: number;
    readonly measured: number;
    readonly published: number;
  }[];
  readonly units: readonly UnitResult[];
  /** Experiments where the planner was further than 5 % from the oracle, and why as far as the figures tell. */
  readonly notes: readonly string[];
}
