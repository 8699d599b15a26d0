export interface Job<Payload> {
  readonly payload: Payload;
  /** How long it is expected to hold its slot, alone. */
  readonly expectedMs: number;
  /** Epoch ms of the pool's clock; after it the job is not started any more. */
  readonly deadlineAt?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Jobs of one group may run together. @default alone */
  readonly group?: string | undefined;
}

/** What a slot was handed: it begins as soon as the slot has done what it was handed before. */
export interface Started<Result> {
  /** One for each job, in their order. */
  readonly results: Promise<readonly Result[]>;
  /** Takes it back; false when it has begun. */
  readonly withdraw: () => boolean;
}

export interface Served<Result> {
  readonly value: Result;
  /** From acceptance to the result. */
  readonly elapsedMs: number;
  /** Jobs that ran together with it, itself included. */
  readonly batchSize: number;
}
