import { type Clock, InvalidInput } from '@weir/base';
import type { NodeLoad } from '@weir/domain';
import type { Load, RunRequest, RunResult } from '@weir/inference';
import { inputFromWire, inWireFields, namedTensorToWire } from '@weir/wire';
import { bounded } from '../frames/bounded.ts';
import type { ObservedTarget, TargetAnswer, TargetRequest } from './target.ts';

/** What the agent needs of a runner of @weir/inference. */
export type LocalRunner = {
  run(request: RunRequest): Promise<Omit<RunResult, 'probabilities'>>;
  load(): Load;
};

export interface LocalTargetOptions {
  readonly deviceId: string;
  readonly runner: LocalRunner;
  readonly clock: Clock;
  /** Joules of one inference. */
  readonly energyOf: (work: { readonly decodeMs: number; readonly computeMs: number }) => number;
}

/** The device's own processor. */
export class LocalTarget implements ObservedTarget {
  readonly nodeId: string;
  readonly tier = 'device';
  readonly reachable = true;
  readonly #options: LocalTargetOptions;

  constructor(options: LocalTargetOptions) {
    this.nodeId = options.deviceId;
    this.#options = options;
  }

  load(): NodeLoad {
    return { ...this.#options.runner.load(), nodeId: this.nodeId };
  }

  sendingMs(): number {
    return 0;
  }

  get idle(): boolean {
    const { inService, queued } = this.#options.runner.load();
    return inService + queued === 0;
  }

  async run({
    variant,
    input,
    deadlineAt,
    signal,
    background = false,
    wantOutputs = false,
  }: TargetRequest): Promise<TargetAnswer> {
    const { runner, clock, energyOf } = this.#options;
    const { inService, queued } = runner.load();
    // `input` was checked as the frame came.
    const asked = { variant, input: inputFromWire(input), deadlineAt, signal, background, wantOutputs };
    const work = runner.run(asked).catch((error: unknown) => {
      throw error instanceof InvalidInput ? inWireFields(error) : error;
    });
    const result = await bounded(work, { deadlineAt, signal, clock });
    const { classIndex, label, confidence, margin, queueMs, decodeMs, computeMs, batchSize } = result;
    const { task, outputs } = result;
    return {
      classification: task === 'tensor' ? undefined : { classIndex, label, confidence, margin },
      ...(outputs && { outputs: outputs.map(namedTensorToWire) }),
      hops: { uplinkMs: 0, queueMs, decodeMs, computeMs, downlinkMs: 0 },
      energyJ: energyOf(result),
      concurrency: inService + queued,
      batchSize,
    };
  }
}
