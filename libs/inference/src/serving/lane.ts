/**
 * Lanes of a thread: one computes while the next is handed over and decoded, so that the thread never waits for a turn
 * of the serving thread's event loop.
 */
export const LANES = 2;

const State = { free: 0, staged: 1, claimed: 2, withdrawn: 3 } as const;
const Figure = { model: 0, size: 1, holdMs: 2, computeMs: 3, outputs: 4 } as const;

/** State and figures, with room to spare. */
const headerBytes = 64;

/** What is to be done with the inputs in a lane. */
export interface LaneBatch {
  /** Place of the model among those of the thread. */
  readonly model: number;
  readonly size: number;
  /** Occupy the thread for this long from the start of the computation: an emulated slower processor. */
  readonly holdMs?: number | undefined;
}

/** Memory for a lane whose largest batch has inputs of `bytes` together. */
export const laneMemory = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(headerBytes + bytes);

/**
 * Memory that the serving thread and an inference thread share: a batch on its way there and its outputs on their way back, so
 * that only the lane's number is posted. The lane is the serving thread's until it is staged, and again once the number has
 * come back; a batch that is staged belongs to whoever is first to withdraw or to claim it.
 */
export class Lane {
  readonly #state: Int32Array;
  readonly #figures: Float64Array;
  readonly #data: Buffer<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#state = new Int32Array(memory, 0, 1);
    this.#figures = new Float64Array(memory, 8, Object.keys(Figure).length);
    this.#data = Buffer.from(memory, headerBytes);
  }

  /** Copies a tensor to the place of the inference `at`. All tensors of a batch have the same length. */
  put(tensor: Uint8Array, at: number): void {
    // One memcpy. `set` and `copy` write shared memory byte by byte where source and target are aligned differently, as a tensor
    // in a message is: ten times as slowly.
    this.#data.fill(tensor, at * tensor.length, (at + 1) * tensor.length);
  }

  stage({ model, size, holdMs = 0 }: LaneBatch): void {
    this.#figures[Figure.model] = model;
    this.#figures[Figure.size] = size;
    this.#figures[Figure.holdMs] = holdMs;
    Atomics.store(this.#state, 0, State.staged);
  }

  get batch(): LaneBatch {
    const holdMs = this.#figures[Figure.holdMs]!;
    return {
      model: this.#figures[Figure.model]!,
      size: this.#figures[Figure.size]!,
      holdMs: holdMs > 0 ? holdMs : undefined,
    };
  }

  /** Takes a staged batch back; false when it has begun. */
  withdraw(): boolean {
    return Atomics.compareExchange(this.#state, 0, State.staged, State.withdrawn) === State.staged;
  }

  /** Begins a staged batch; false when it was withdrawn. */
  claim(): boolean {
    return Atomics.compareExchange(this.#state, 0, State.staged, State.claimed) === State.staged;
  }

  /** Ends the use of the lane; false when its batch had been withdrawn. */
  free(): boolean {
    return Atomics.exchange(this.#state, 0, State.free) === State.claimed;
  }

  /** The memory of `count` inputs from that of the inference `at`; `elements`: of one input. */
  inputs(
    dtype: 'float32' | 'uint8',
    { elements, at, count }: { readonly elements: number; readonly at: number; readonly count: number },
  ): Float32Array | Uint8Array {
    const { buffer, byteOffset } = this.#data;
    return dtype === 'uint8'
      ? new Uint8Array(buffer, byteOffset + at * elements, count * elements)
      : new Float32Array(buffer, byteOffset + 4 * at * elements, count * elements);
  }

  /**
   * Puts the output of a batch, Float32Array [batch × classes], where its inputs were; false, and nothing is written, when it
   * is larger than the lane.
   */
  answer(output: Float32Array, computeMs: number): boolean {
    if (output.byteLength > this.#data.length) return false;
    this.#figures[Figure.computeMs] = computeMs;
    this.#figures[Figure.outputs] = output.length;
    this.#output().set(output);
    return true;
  }

  /** What was answered, in memory of its own: `outputs`: Float32Array [classes] of each inference; `computeMs`: of the whole batch. */
  results(): { readonly outputs: readonly Float32Array[]; readonly computeMs: number } {
    const output = this.#output();
    const { size } = this.batch;
    const classes = output.length / size;
    return {
      outputs: Array.from({ length: size }, (_, at) => output.slice(at * classes, (at + 1) * classes)),
      computeMs: this.#figures[Figure.computeMs]!,
    };
  }

  #output(): Float32Array {
    return new Float32Array(this.#data.buffer, headerBytes, this.#figures[Figure.outputs]);
  }
}
