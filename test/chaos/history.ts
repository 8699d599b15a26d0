/** All that happened in one run, as it was seen from outside. Instants are ms of one monotonic clock. */
export interface History {
  /** What the operator asked for, 0..1. */
  readonly accuracyFloor: number;
  readonly devices: readonly string[];
  readonly faults: readonly Fault[];
  readonly deaths: readonly Death[];
  readonly frames: readonly SeenFrame[];
  /** What passed between agents and PolicyService, in its order there. */
  readonly wire: readonly WireEvent[];
  /** When whoever watches was held up itself: nothing that it saw then was seen in time. */
  readonly stalls: readonly Span[];
  /** What the file of PolicyService holds at the end. */
  readonly journal: readonly JournalRow[];
}

export interface Span {
  readonly from: number;
  readonly until: number;
}

/** Something that was done to the cell. */
export interface Fault extends Span {
  readonly kind: FaultKind;
  /** A process, `DEVICE-NODE` or `DEVICE-policy` of a link, or `disk`. */
  readonly target: string;
}

export type FaultKind =
  | 'kill'
  | 'restart'
  | 'freeze'
  | 'cut link'
  | 'black hole'
  | 'slow link'
  | 'full disk'
  | 'read-only disk'
  | 'clock jump';

/** A process that ended, whoever ended it. */
export interface Death {
  readonly process: string;
  readonly at: number;
}

/** One frame as its application saw it. */
export interface SeenFrame {
  readonly deviceId: string;
  readonly sentAt: number;
  /** Time that it was given, ms. */
  readonly timeoutMs: number;
  /** Infinity: never answered nor refused. */
  readonly endedAt: number;
  /** Why there is no answer. */
  readonly failure?: string;
  readonly answer?: SeenAnswer;
}

export interface SeenAnswer {
  readonly nodeId: string;
  /** Accuracy promised, 0..1. */
  readonly promised: number;
  /** Fingerprints of the looks that succeeded, as the journal has them. */
  readonly looks: readonly string[];
}

/** `instance`: one run of an agent. */
export type WireEvent = { readonly at: number; readonly deviceId: string; readonly instance: string } & (
  | { readonly kind: 'sent'; readonly sequence: number; readonly outcome: string }
  | { readonly kind: 'acknowledged'; readonly through: number }
  | { readonly kind: 'refused'; readonly sequence: number; readonly why: string }
  /** Accuracy balance given away and granted so far, by account, frames × accuracy. */
  | { readonly kind: 'gave' | 'granted'; readonly account: string; readonly total: number }
);

export interface JournalRow {
  /** As in a `WireEvent`. */
  readonly outcome: string;
  /** As in a `SeenAnswer`. */
  readonly look: string;
}
