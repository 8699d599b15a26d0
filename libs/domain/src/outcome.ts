import type { Placement } from './placement.ts';

/** Why a frame was placed where it was; `unsure`: the look before had too small a margin; `audit`: to check an answer. */
export type Reason = 'planned' | 'explored' | 'deviated' | 'fallback' | 'unsure' | 'audit';

/** Where one inference's time went, ms; the hops add up to the response time. */
export interface HopTimes {
  readonly agentMs: number;
  readonly uplinkMs: number;
  readonly queueMs: number;
  readonly decodeMs: number;
  readonly computeMs: number;
  readonly downlinkMs: number;
}

/** The look before a second one, or before an audit. */
export interface FirstLook {
  readonly placement: Placement;
  /** Top-1 minus top-2 probability, 0..1. */
  readonly margin: number;
  /** Whether the second look said the same; false when it failed. */
  readonly agreed: boolean;
}

/** What one inference cost: one look at a frame. */
export interface Outcome {
  readonly deviceId: string;
  readonly placement: Placement;
  /** Version of the plan (directive) in force. */
  readonly planVersion: number;
  readonly reason: Reason;
  /** When it ended, ms since the epoch (or virtual ms). */
  readonly at: number;
  readonly hops: HopTimes;
  readonly responseMs: number;
  readonly predictedMs: number;
  readonly energyJ: number;
  /** Accuracy that the frame was promised, 0..1: of the variant, or with the second looks at the least certain. */
  readonly accuracy: number;
  /** Top-1 minus top-2 probability, 0..1. */
  readonly margin: number;
  /** Inferences in service and queued at the target on arrival, without this one. */
  readonly concurrency: number;
  /** Inferences that were computed together, this one included; `hops.computeMs` is the time of them all. @default 1 */
  readonly batchSize?: number | undefined;
  /**
   * Probability with which this placement was chosen, over the learner's own chance then and there, 0..1; 1 where the device
   * departed from its plan, as no chance is in that; 0: not known.
   */
  readonly propensity: number;
  /** gRPC status name of a failure; its times then teach nothing. */
  readonly failure?: string | undefined;
  /** True when the frame was looked at again: another outcome follows, and this answer is not the last. */
  readonly lookedAgain?: boolean;
  /** Set for a second look and for an audit. */
  readonly firstLook?: FirstLook;
  /** In a first look: a second was due had the margin been below this. */
  readonly lookAgainBelow?: number | undefined;
  /**
   * Set for an audit: the most accurate variant looked when the answer had gone out, and nobody waited. Probability with
   * which the answer was drawn for it, 0..1.
   */
  readonly auditProbability?: number;
  /**
   * The canary in whose trial the frame took part: it was to go to the variant that the canary stands in for, at a node that
   * runs both. Which of them answered, the placement tells, or an audit's first look.
   */
  readonly trial?: string | undefined;
  /** True for a shadow inference: it ran only to learn, and nobody waited for the answer. */
  readonly shadow?: boolean;
}

/** An outcome with its number, counted 1, 2, 3 … within one run of an agent. */
export interface NumberedOutcome {
  readonly sequence: number;
  readonly outcome: Outcome;
}

/** An outcome that teaches nothing, and why: settled all the same, so that it is not sent for ever. */
export interface RefusedOutcome {
  readonly sequence: number;
  /** Each as "field: what would be good". */
  readonly faults: readonly string[];
}

/** Outcomes of one agent instance. */
export interface OutcomeBatch {
  readonly outcomes: readonly (NumberedOutcome | RefusedOutcome)[];
  /** Oldest sequence that may still come; 0 when not known. */
  readonly oldestPending: number;
}
