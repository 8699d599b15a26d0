import type { ProcessEvent } from './supervised-process.ts';

/** One frame answered, as its application saw it. Times in ms, accuracies and probabilities 0..1. */
export interface FrameRecord {
  readonly deviceId: string;
  /** When it was answered, epoch ms by the sender's clock. */
  readonly at: number;
  readonly tier: string;
  readonly nodeId: string;
  readonly variant: string;
  /** Of the first look: `planned`, `explored`, `deviated` or `fallback`. */
  readonly reason: string;
  readonly predictedMs: number;
  readonly responseMs: number;
  /** Agent, uplink, queue, decode, compute, downlink, ms. */
  readonly hopsMs: readonly number[];
  readonly expectedAccuracy: number;
  /** Whether a second look gave the answer. */
  readonly lookedAgain: boolean;
  /** Of all looks, J. */
  readonly energyJ: number;
  /** Undefined where the right answer is not known. */
  readonly correct: boolean | undefined;
  readonly label: string;
  readonly confidence: number;
  readonly failedAttempts: readonly string[];
}

export interface FrameFailure {
  readonly deviceId: string;
  readonly at: number;
  readonly why: string;
}

/** `normal`: as the cell describes the link. `weak`: the profile of that name. */
export type LinkCondition = 'normal' | 'weak' | 'cut';

/** What the console may change in the emulated part of a cell. */
export type EmulationChange =
  | {
      readonly kind: 'link';
      readonly deviceId: string;
      readonly nodeId: string;
      readonly condition: LinkCondition;
    }
  | {
      readonly kind: 'speed';
      readonly deviceId: string;
      /** Slowdown factor, >= 1: service times are multiplied by it. */
      readonly slowdown: number;
    };

/** The emulated part of a cell now. */
export interface EmulationState {
  readonly links: readonly {
    readonly deviceId: string;
    readonly nodeId: string;
    readonly condition: LinkCondition;
  }[];
  /** `slowdown` is absent for a device whose processor is not emulated. */
  readonly devices: readonly { readonly id: string; readonly slowdown?: number }[];
}

/** From the process that runs the cell to the console, over Node's IPC. */
export type ToConsole =
  | { readonly kind: 'cell'; readonly emulation: EmulationState }
  | {
      readonly kind: 'frames';
      /** Now, by the clock that stamped the frames; the console's own may differ. */
      readonly at: number;
      readonly answered: readonly FrameRecord[];
      readonly failed: readonly FrameFailure[];
    }
  | { readonly kind: 'process'; readonly event: ProcessEvent }
  | { readonly kind: 'done'; readonly id: number; readonly error?: string };

/** The way back: answered by a `done` of the same id. */
export type FromConsole = { readonly kind: 'change'; readonly id: number; readonly change: EmulationChange };
