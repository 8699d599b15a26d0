import type { inference } from '@weir/proto';
import type { OipAnswer } from './backend.ts';
import { version } from './model.ts';

/** A request that succeeded. */
export interface Answered {
  /** When it came, epoch ms. */
  readonly arrivedAt: number;
  /** From its arrival to its answer, ms. */
  readonly tookMs: number;
  /** Of each of its inferences, >= 1. */
  readonly runs: readonly Pick<OipAnswer, 'times' | 'batchSize'>[];
}

/** What the inferences of one model have taken since the server started, in Triton's terms. */
export class ModelStatistics {
  readonly #name: string;
  readonly #success = new Duration();
  readonly #fail = new Duration();
  readonly #queue = new Duration();
  readonly #decode = new Duration();
  readonly #compute = new Duration();
  readonly #output = new Duration();
  readonly #batches = new Map<number, { decode: Duration; compute: Duration; output: Duration }>();
  #inferences = 0;
  #lastAt = 0;

  constructor(name: string) {
    this.#name = name;
  }

  answered({ arrivedAt, tookMs, runs }: Answered): void {
    this.#lastAt = Math.max(this.#lastAt, arrivedAt);
    this.#inferences += runs.length;
    // They run side by side: the longest counts.
    const longest = (time: keyof OipAnswer['times']) => Math.max(...runs.map(({ times }) => times[time]));
    this.#success.add(tookMs);
    this.#queue.add(longest('queueMs'));
    this.#decode.add(longest('decodeMs'));
    this.#compute.add(longest('computeMs'));
    this.#output.add(0);
    for (const run of runs) this.#ran(run);
  }

  #ran({ times: { decodeMs, computeMs }, batchSize }: Answered['runs'][number]): void {
    let batch = this.#batches.get(batchSize);
    if (!batch) {
      batch = { decode: new Duration(), compute: new Duration(), output: new Duration() };
      this.#batches.set(batchSize, batch);
    }
    batch.decode.add(decodeMs);
    batch.compute.add(computeMs);
    batch.output.add(0);
  }

  failed(arrivedAt: number, tookMs: number): void {
    this.#lastAt = Math.max(this.#lastAt, arrivedAt);
    this.#fail.add(tookMs);
  }

  toWire(): inference.ModelStatistics {
    const batches = [...this.#batches].sort(([a], [b]) => a - b);
    // Each member of a batch counts as its share of one execution.
    const executions = batches.reduce((sum, [size, { compute }]) => sum + compute.count / size, 0);
    const none = { count: 0n, ns: 0n };
    return {
      name: this.#name,
      version,
      lastInference: BigInt(Math.round(this.#lastAt)),
      inferenceCount: BigInt(this.#inferences),
      executionCount: BigInt(Math.round(executions)),
      inferenceStats: {
        success: this.#success.toWire(),
        fail: this.#fail.toWire(),
        queue: this.#queue.toWire(),
        computeInput: this.#decode.toWire(),
        computeInfer: this.#compute.toWire(),
        computeOutput: this.#output.toWire(),
        cacheHit: none,
        cacheMiss: none,
      },
      batchStats: batches.map(([size, { decode, compute, output }]) => ({
        batchSize: BigInt(size),
        computeInput: perBatch(decode, size),
        computeInfer: perBatch(compute, size),
        computeOutput: perBatch(output, size),
      })),
    };
  }
}

class Duration {
  count = 0;
  ms = 0;

  add(ms: number): void {
    this.count += 1;
    this.ms += ms;
  }

  toWire(): inference.StatisticDuration {
    return { count: BigInt(this.count), ns: BigInt(Math.round(this.ms * 1e6)) };
  }
}

/** Its members have all noted the time of their batch. */
const perBatch = ({ count, ms }: Duration, size: number): inference.StatisticDuration => ({
  count: BigInt(Math.round(count / size)),
  ns: BigInt(Math.round((ms * 1e6) / size)),
});
