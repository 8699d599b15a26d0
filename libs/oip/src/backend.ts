import type { common } from '@weir/proto';
import type { TraceContextFields } from '@weir/rpc';
import type { OipModel } from './model.ts';

/** One inference, as a request asks for it. */
export interface OipWork {
  readonly model: OipModel;
  /** The request's id, or one of its own where that is no id for Weir. */
  readonly requestId: string;
  readonly input: common.Input;
  /** Of the request itself, ms; 0: none. */
  readonly timeoutMs: number;
  /** Least accuracy that may be promised of the answer, 0..1. */
  readonly accuracyFloor: number | undefined;
}

/** What a call puts on its inference. Times are epoch ms. */
export interface OipCall {
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
  /** Who asks: `id` of the call's caller. */
  readonly caller: string;
  readonly trace: TraceContextFields;
  /** Where there is no room for it now: true waits for some, false refuses it. */
  readonly mayWait: boolean;
}

/** What came of it. */
export interface OipAnswer {
  /** In the order of the model's. */
  readonly outputs: readonly common.NamedTensor[];
  /** Where the time went, ms. */
  readonly times: { readonly queueMs: number; readonly decodeMs: number; readonly computeMs: number };
  /** Inferences computed together, this one included. */
  readonly batchSize: number;
  /** What is told beside the outputs, as parameters of the answer. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** What answers behind the protocol: a worker's node or a device's agent. */
export interface OipBackend {
  /** What the server calls itself. */
  readonly name: string;
  /** Throws Unavailable while nothing can be asked. */
  models(): readonly OipModel[];
  /** Rejects with a WeirError. */
  infer(work: OipWork, call: OipCall): Promise<OipAnswer>;
}
