import type { FieldViolation } from '@weir/base';
import type { NamedTensorValue, TensorSpec } from '@weir/domain';
import type { InputSpec } from '../catalogue/manifest.ts';
import type { Quantisation } from '../catalogue/onnx-tail.ts';

/**
 * Lanes of a thread: one computes while the next is handed over and decoded, so that the thread never waits for a turn
 * of the serving thread's event loop.
 */
export const LANES = 2;

/** State of a lane, in shared memory: whoever moves it on from STAGED owns the batch. */
export const LaneState = { free: 0, staged: 1, claimed: 2, withdrawn: 3 } as const;

interface ModelFile {
  readonly name: string;
  readonly path: string;
  /** Batch sizes to warm, ascending, 1 first. */
  readonly batchSizes: readonly number[];
}
export interface ClassifierModel extends ModelFile {
  readonly input: InputSpec;
  readonly outputName: string;
  readonly quantisation?: Quantisation | undefined;
  readonly dynamicBatch: boolean;
}
/** A model of any inputs and outputs; its inferences run alone. */
export interface TensorsModel extends ModelFile {
  readonly outputs: readonly TensorSpec[];
  /** What to warm it with. */
  readonly example: readonly NamedTensorValue[];
}

/** What a session thread needs of a variant. */
export type SessionModel = ClassifierModel | TensorsModel;

/** `workerData` of a session thread. */
export interface ThreadSetup {
  readonly models: readonly SessionModel[];
  /** Intra-op threads of each session. */
  readonly threadsPerSession: number;
  /** At the lowest priority of the operating system; loads each model when it is first asked for, and warms none. */
  readonly background: boolean;
  /** The state of each lane: Int32Array [LANES]. */
  readonly states: SharedArrayBuffer;
}

/** To the thread: a batch of inferences of one variant. */
export interface ThreadRequest {
  readonly lane: number;
  readonly variant: string;
  /**
   * The model input of the lane, as large as the largest batch of any variant: handed over, and back with the answer, so
   * that it is allocated once. Not shared: V8 copies into shared memory byte by byte when source and target are aligned
   * differently, as a tensor in a message is, four times as slowly.
   */
  readonly data: ArrayBuffer;
  /** Pictures to decode into the lane; undefined where the lane holds the tensor already. */
  readonly images: readonly (Uint8Array | undefined)[];
  /** Instead of what is in the lane: all inputs of the only inference, each in memory of its own. */
  readonly tensors?: readonly NamedTensorValue[] | undefined;
  /** Occupy the thread for this long from the start of the computation: an emulated slower processor. */
  readonly holdMs?: number | undefined;
}

/** What came of one inference of a batch. */
export type ThreadAnswer =
  | { readonly kind: 'result'; readonly output: Float32Array; readonly decodeMs: number }
  | { readonly kind: 'tensors'; readonly outputs: readonly NamedTensorValue[] }
  | { readonly kind: 'invalid'; readonly violations: readonly FieldViolation[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Computation by batch size, ms. */
export type BatchTimes = Readonly<Record<number, number>>;

/** From the thread; one `ready` first, then one of the others for each request, in the order of the requests. */
export type ThreadMessage =
  | { readonly kind: 'ready'; readonly warmMs: Readonly<Record<string, BatchTimes>> }
  | {
      readonly kind: 'done';
      readonly lane: number;
      readonly data: ArrayBuffer;
      readonly answers: readonly ThreadAnswer[];
      /** Of the session for the whole batch, or as long as the thread was held. */
      readonly computeMs: number;
    }
  | { readonly kind: 'withdrawn'; readonly lane: number; readonly data: ArrayBuffer };

/** Bytes of one input of a classifier. */
export const inputBytes = ({ dtype, shape }: InputSpec): number =>
  shape.reduce((product, size) => product * size, dtype === 'uint8' ? 1 : 4);
