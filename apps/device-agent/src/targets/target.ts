import type { HopTimes, NodeReport, Tier } from '@weir/domain';
import type { common } from '@weir/proto';
import type { LinkProbe } from '@weir/telemetry';
import type { TimesSource } from './oip/model-times.ts';

/** One inference for a target. */
export interface TargetRequest {
  readonly variant: string;
  /** Sent to a remote target unchanged; an encoded picture stays encoded. */
  readonly input: common.Input;
  /** Epoch ms after which the answer is useless. */
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
  readonly trace?: common.TraceContext | undefined;
  /** Nobody waits for it: it must delay no other inference, and may be refused (ResourceExhausted) instead. @default false */
  readonly background?: boolean;
  /** The outputs of a classifier are asked for too. @default false */
  readonly wantOutputs?: boolean | undefined;
}

/** A target's answer and its cost. */
export interface TargetAnswer {
  /** Undefined: the model is no classifier. */
  readonly classification: common.Classification | undefined;
  /** Of a model that is no classifier, or as asked for. @default none */
  readonly outputs?: readonly common.NamedTensor[] | undefined;
  /** Without the agent's own share. */
  readonly hops: Omit<HopTimes, 'agentMs'>;
  /** On all nodes whose energy is known, J. */
  readonly energyJ: number;
  /** Inferences in service and queued at the target on arrival, without this one. */
  readonly concurrency: number;
  /** Inferences computed together, this one included, >= 1; `hops.computeMs` is the time of them all. */
  readonly batchSize: number;
  /** Of a server that is no worker of Weir's. */
  readonly server?: ServerTimes;
}

/** How the hops of an answer by a server that is no worker of Weir's are known. */
export interface ServerTimes {
  /** Part of `hops.decodeMs` that the device took to make the input, ms. */
  readonly preparedMs: number;
  /** Who tells `queueMs` and `computeMs`; a server whose answers tell them traces them itself. */
  readonly timesFrom: TimesSource;
}

/** A node that runs inferences for this device: its own processor, an edge box, a share of the cloud. */
export interface Target {
  readonly nodeId: string;
  readonly tier: Tier;
  /** False while no frame may be sent there. */
  readonly reachable: boolean;
  /**
   * Never settles later than `deadlineAt`. Rejects with DeadlineExceeded, Cancelled, Unavailable (unreachable, broken,
   * draining), ResourceExhausted (full), NotFound (variant), InvalidInput (the picture) or Internal.
   */
  run(request: TargetRequest): Promise<TargetAnswer>;
}

/** A target whose load this device sees. */
export interface ObservedTarget extends Target {
  /** True while nothing is known to run, to wait or to be under way there. */
  readonly idle: boolean;
  /** How long an input keeps the link to it busy, ms; 0 on the device. */
  sendingMs(input: common.Input): number;
}

/** A target behind a link. */
export interface LinkedTarget extends ObservedTarget {
  readonly link: LinkProbe;
  /** Newest load and when it arrived, epoch ms. */
  readonly load: { readonly value: NodeReport; readonly at: number } | undefined;
  /** Of what a frame is sent as there; absent: as it comes. */
  readonly frameBytes?: number | undefined;
  /** The device's own models have changed: compares those of the target with them anew. */
  compareAgain(): void;
}
