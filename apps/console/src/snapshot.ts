/**
 * What the gateway sends the page, as JSON. Types only: the page imports them too. Times in ms, instants in epoch ms,
 * accuracies, shares and utilizations 0..1; null: not known.
 */

/** Hops in the order of every `hopsMs`. */
export type Hops = readonly number[];

export type Condition = 'normal' | 'weak' | 'cut';

export interface PlacementView {
  readonly tier: string;
  readonly nodeId: string;
  readonly variant: string;
}

/** Frames of one device or of all over the last seconds, as their applications or their agents saw them. */
export interface RecentView {
  readonly framesPerSecond: number;
  readonly meanMs: number;
  readonly p95Ms: number;
  /** Mean of what the agents had predicted. */
  readonly predictedMs: number;
  /** Mean |predicted − actual| over the mean actual response. */
  readonly predictionError: number;
  readonly expectedAccuracy: number;
  readonly right: number | null;
  /** Share of the frames that a second look answered. */
  readonly lookedAgain: number;
  /** Mean energy of an answer, J. */
  readonly energyJ: number;
  readonly hopsMs: Hops;
  readonly placements: readonly (PlacementView & { readonly share: number })[];
  readonly reasons: Readonly<Record<string, number>>;
  readonly failed: number;
}

export interface LoadView {
  readonly slots: number;
  readonly inService: number;
  readonly queued: number;
  readonly backlogMs: number;
  readonly utilization: number;
}

/** Accuracies 0..1. */
export interface MeasuredView {
  /** Answers whose truth is known. */
  readonly labelled: number;
  readonly right: number;
  readonly promised: number;
  readonly lowerBound: number;
  /** Confidence of the bound. */
  readonly level: number;
}

/** What was promised of answers, and what was measured; null: the promise is not known. */
export interface ShareView {
  /** Answers that were compared. */
  readonly count: number;
  readonly measured: number;
  readonly promised: number | null;
  readonly lowerBound: number;
  /** Confidence of the bound. */
  readonly level: number;
}

/** What the cell knows of the accuracy of its answers. */
export interface KnownAccuracyView {
  /** Right, by truths that applications reported. */
  readonly truths: ShareView | null;
  /** Share that agrees with the most accurate variant. */
  readonly audits: ShareView | null;
  /** How far pictures differ from those that the family was measured on; null: not noticeably. */
  readonly correction: {
    /** Accuracy that every variant loses. */
    readonly shortfall: number;
    /** By how much a variant loses more, and is unsure more often, than its curves say. */
    readonly firsts: readonly { readonly variant: string; readonly loss: number; readonly share: number }[];
  } | null;
}

export interface DeviceView {
  readonly id: string;
  /** Whether its agent is heard, by itself or through Telemetry; null where nothing was ever heard of one. */
  readonly answers: boolean | null;
  /** Whether its session with PolicyService is open. */
  readonly orchestrated: boolean;
  /** Why it is planned by itself: its models are not the cell's; null: it is planned with the others. */
  readonly familyFault: string | null;
  readonly planned: PlacementView | null;
  readonly plannedMs: number | null;
  readonly balance: number | null;
  readonly accuracyPriceMs: number | null;
  readonly answered: number | null;
  readonly failed: number | null;
  readonly expectedAccuracy: number | null;
  /** Against the truth that applications reported; null before the first. */
  readonly measured: MeasuredView | null;
  readonly load: LoadView | null;
  readonly recent: RecentView | null;
  /** Peers that its agent cannot reach, and why. */
  readonly peerFaults: readonly { readonly peer: string; readonly text: string }[];
  /** Why its last answers are less accurate than its floor; null: they are not. */
  readonly belowFloor: BelowFloorView | null;
  /** Slowdown factor of the emulated processor, 1 as described; null where the processor is not emulated. */
  readonly slowdown: number | null;
}

/** Why answers are less accurate than the floor now. */
export interface BelowFloorView {
  readonly reason: string;
  /** What is missing now was earned before: the floor holds over all frames. */
  readonly paid: boolean;
}

export interface NodeView {
  readonly id: string;
  readonly tier: string;
  readonly liveness: 'live' | 'stale' | 'unknown';
  readonly draining: boolean;
  readonly load: LoadView | null;
  readonly cpu: number | null;
  readonly powerW: number | null;
}

export interface LinkView {
  readonly deviceId: string;
  readonly nodeId: string;
  /** As the device sees it; null: not known. */
  readonly reachable: boolean | null;
  /** Why the device cannot reach it; null: it can, or does not know. */
  readonly fault: string | null;
  readonly roundTripMs: number | null;
  /** Why the device keeps frames from the node, though it reaches it; null: it does not. */
  readonly ejection: string | null;
  /** What is wrong with the worker's name or models, and the cure; null: nothing. */
  readonly identityFault: string | null;
  readonly framesPerSecond: number | null;
  /** Emulated condition; null for a real link. */
  readonly condition: Condition | null;
}

export interface LearnerView {
  readonly name: string;
  readonly outcomes: number;
  readonly plans: number;
  readonly exploringPlans: number;
  readonly exploringFrames: number;
  readonly explorationShare: number;
  readonly predictionError: number;
  readonly driftAlarms: number;
  /** Cells whose experience it began with; 0: none. */
  readonly priorCells: number;
  readonly planningMs: number;
  readonly floor: number;
  readonly deadlineMs: number;
  readonly allowedTiers: readonly string[];
  readonly accuracy: KnownAccuracyView;
}

/** One answer and where its time went. */
export interface TraceView extends PlacementView {
  readonly deviceId: string;
  readonly at: number;
  readonly reason: string;
  readonly lookedAgain: boolean;
  readonly predictedMs: number;
  readonly responseMs: number;
  readonly hopsMs: Hops;
  readonly correct: boolean | null;
  readonly label: string;
  readonly confidence: number;
  readonly energyJ: number;
  readonly failedAttempts: readonly string[];
}

export interface EventView {
  readonly at: number;
  readonly kind: 'bad' | 'good' | 'info';
  readonly text: string;
}

/** One second of history; null where nothing was known. */
export interface Point {
  readonly at: number;
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly energyJ: number | null;
  readonly hopsMs: Hops | null;
  readonly expectedAccuracy: number | null;
  readonly right: number | null;
  /** Null without one, too. */
  readonly floor: number | null;
  readonly explorationShare: number | null;
  readonly predictionError: number | null;
}

export interface Snapshot {
  readonly at: number;
  readonly cellId: string;
  readonly services: { readonly policy: boolean; readonly telemetry: boolean };
  /** Whether frames are seen, one by one or as the agents count them. */
  readonly hasFrames: boolean;
  readonly mayControl: boolean;
  readonly learner: LearnerView | null;
  readonly learners: readonly string[];
  /** Floors that demand something and can be met; null: not known. */
  readonly floorRange: { readonly least: number; readonly most: number } | null;
  /** Why the last answers are less accurate than the floor; null: they are not. */
  readonly belowFloor: BelowFloorView | null;
  readonly recent: RecentView | null;
  readonly devices: readonly DeviceView[];
  readonly nodes: readonly NodeView[];
  readonly links: readonly LinkView[];
  /** Newest first. */
  readonly traces: readonly TraceView[];
  readonly events: readonly EventView[];
}
