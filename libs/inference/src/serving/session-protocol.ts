import type { FieldViolation } from '@weir/base';
import type { NamedTensorValue, TensorSpec } from '@weir/domain';
import type { InputSpec } from '../catalogue/manifest.ts';
import type { Quantisation } from '../catalogue/onnx-tail.ts';

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
  /** Memory of each lane: see `lane.ts`. */
  readonly lanes: readonly SharedArrayBuffer[];
}

/**
 * To the thread: the number of a lane where a batch of inferences of one variant is staged; or that with the inputs that are
 * not in the lane.
 */
export type ThreadRequest = number | RequestWithInputs;

export interface RequestWithInputs {
  readonly lane: number;
  /** Pictures to decode into the lane, by inference; undefined where it holds the tensor already. */
  readonly images: readonly (Uint8Array | undefined)[];
  /** Of the only inference of a model that is no classifier: all its inputs, each in memory of its own. */
  readonly tensors: readonly NamedTensorValue[];
}

/** What came of one inference of a batch. */
export type ThreadAnswer =
  | { readonly kind: 'result'; readonly output: Float32Array; readonly decodeMs: number }
  | { readonly kind: 'tensors'; readonly outputs: readonly NamedTensorValue[] }
  | { readonly kind: 'invalid'; readonly violations: readonly FieldViolation[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Computation by batch size, ms. */
export type BatchTimes = Readonly<Record<number, number>>;

export interface ThreadReady {
  readonly kind: 'ready';
  readonly warmMs: Readonly<Record<string, BatchTimes>>;
}

/**
 * From the thread: one `ready` first, then one of the others for each request, in the order of the requests. The number of a
 * lane alone: its batch was withdrawn, or its results are in it.
 */
export type ThreadMessage =
  | ThreadReady
  | number
  | {
      readonly kind: 'done';
      readonly lane: number;
      readonly answers: readonly ThreadAnswer[];
      /** Of the session for the whole batch, or as long as the thread was held. */
      readonly computeMs: number;
    };

/** Bytes of one input of a classifier. */
export const inputBytes = ({ dtype, shape }: InputSpec): number =>
  shape.reduce((product, size) => product * size, dtype === 'uint8' ? 1 : 4);
