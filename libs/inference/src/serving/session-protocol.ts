import type { FieldViolation } from '@weir/base';
import type { InferenceInput } from './image.ts';
import type { InputSpec } from '../catalogue/manifest.ts';

/** A variant, as a session thread needs it. */
export interface SessionModel {
  readonly name: string;
  readonly path: string;
  readonly input: InputSpec;
  readonly outputName: string;
}

/** `workerData` of a session thread. */
export interface ThreadSetup {
  readonly models: readonly SessionModel[];
  /** Intra-op threads of each session. */
  readonly threadsPerSession: number;
}

/** To the thread: one inference. */
export interface ThreadRequest {
  readonly variant: string;
  readonly input: InferenceInput;
  /** Holds the thread for this long, ms, from the start of the computation: emulates a slower processor. */
  readonly holdMs?: number | undefined;
}

/** Result of one inference in the thread. */
export interface ThreadResult {
  readonly output: Float32Array;
  readonly decodeMs: number;
  /** Of the session, or as long as the thread was held. */
  readonly computeMs: number;
}

/** From the thread; one `ready` first, then one answer for each request. */
export type ThreadMessage =
  | { readonly kind: 'ready'; readonly warmMs: Readonly<Record<string, number>> }
  | ({ readonly kind: 'result' } & ThreadResult)
  | { readonly kind: 'invalid'; readonly violations: readonly FieldViolation[] }
  | { readonly kind: 'failed'; readonly message: string };
