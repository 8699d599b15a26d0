import type { Clock, Logger } from '@weir/base';
import type { Decision, Dispatcher, DispatchOptions } from '@weir/dispatch';
import type { HopTimes, Outcome, Placement, Reason } from '@weir/domain';
import type { common } from '@weir/proto';
import type { InferenceSpan } from '@weir/telemetry';
import type { RescueWindows } from './rescue-windows.ts';
import type { Rescue } from '../targets/rescue.ts';
import type { Target } from '../targets/target.ts';

/** One frame of an application. Times are ms since the epoch. */
export interface Frame {
  readonly input: common.Input;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
  readonly span: InferenceSpan;
  /** The outputs of a classifier are asked for too. @default false */
  readonly wantOutputs?: boolean | undefined;
  /** What it asks for beside what holds for the device. @default nothing */
  readonly wishes?: FrameWishes | undefined;
  /** Called right after each dispatch of its first look. */
  readonly decided?: Decided;
}

/** A first look was decided on, or could not be. */
export type Decided = (decision: Decision | undefined, at: number) => void;

export type FrameWishes = Pick<DispatchOptions, 'leastAccuracy' | 'variant' | 'belowFloor'>;

/** A frame's answer, with what was chosen and what that cost. */
export interface FrameAnswer {
  /** Of the last look that answered, as are `outputs`, `placement` and `concurrency`; undefined: of no classifier. */
  readonly classification: common.Classification | undefined;
  readonly outputs: readonly common.NamedTensor[];
  readonly placement: Placement;
  /** Inferences in service and queued at the target on arrival, without this one. */
  readonly concurrency: number;
  /** Of the first look. */
  readonly decision: Decision;
  /** Of the first look, as decided; after a failed attempt always a fallback. */
  readonly reason: Reason;
  /** Failed attempts before the first look answered, e.g. `edge-1: UNAVAILABLE`. */
  readonly failedAttempts: readonly string[];
  /** Undefined where one answer was asked for at a time. */
  readonly hedge: HedgeEnd | undefined;
  /** Nodes where any look at it has failed. */
  readonly failedOn: ReadonlySet<string>;
  /** In order; the second is missing where the first was sure enough. */
  readonly looks: readonly Look[];
  /** Of all looks; they add up to `responseMs`. */
  readonly hops: HopTimes;
  readonly responseMs: number;
  /** Expected of the looks that answered, together, ms. */
  readonly predictedMs: number;
  /** Of all looks, J, and of a hedge. */
  readonly energyJ: number;
}

/** How it ended that the device answered a frame at the same time as its target. */
export interface HedgeEnd {
  readonly wonBy: 'target' | 'device' | 'neither';
  /** Expected of the one that was cancelled, J. */
  readonly otherEnergyJ: number;
}

/** One look at a frame: its answer, or why there is none. */
export interface Look {
  readonly variant: string;
  /** Undefined where there was neither time nor place for it. */
  readonly placement: Placement | undefined;
  /** Of a classifier that answered. */
  readonly classification?: common.Classification | undefined;
  /** Add up to its time, failed attempts before a first look included. */
  readonly hops: HopTimes;
  /** gRPC status name; absent: it answered. */
  readonly failure?: string;
}

export interface InferenceOptions {
  readonly deviceId: string;
  readonly dispatcher: Dispatcher;
  readonly target: (nodeId: string) => Target | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Records every attempt, failed ones included. */
  readonly record: (outcome: Outcome, confidence: number) => void;
  /** Called right before dispatch to report the load of the device's own processor. */
  readonly refresh: (now: number) => void;
  /** What is kept of a frame for the device's own answer, should its target be silent. */
  readonly rescue: (wishes: FrameWishes | undefined) => Rescue;
  readonly rescueWindows: RescueWindows;
}
