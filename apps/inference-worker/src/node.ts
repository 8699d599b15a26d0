import { Cancelled, type Clock, InvalidInput, Unavailable } from '@weir/base';
import { nodeReport, type ServiceFigure, type Tier } from '@weir/domain';
import {
  expectedAccuracy,
  type IdentifiedFamily,
  interfaceOf,
  type Runner,
  type RunResult,
  type VariantEntry,
} from '@weir/inference';
import type { common, worker } from '@weir/proto';
import { extractTraceContext, type TraceContextFields } from '@weir/rpc';
import { type EnergyProbe, recordWorkerHops } from '@weir/telemetry';
import {
  inferenceFromWire,
  inWireFields,
  namedTensorToWire,
  nodeToWire,
  type ServedVariant,
  servedVariantToWire,
  tierToWire,
} from '@weir/wire';
import { randomUUID } from 'node:crypto';

export interface InferOptions {
  /** When the request was received, epoch ms. */
  readonly arrivedAt: number;
  /** The call's own deadline, epoch ms. @default none */
  readonly deadlineAt?: number;
  readonly signal: AbortSignal;
  /** Who asks, e.g. `id` of the call's caller. */
  readonly caller: string;
  /** Used when the message carries none. */
  readonly traceContext?: TraceContextFields;
}

/** One node with warm models: what all RPCs of the service share. */
export interface WorkerNode {
  /**
   * Runs one inference.
   * @throws InvalidInput, NotFound for a variant not served, ResourceExhausted when the queue is full or, for background
   * work, anything runs (reason NOT_IDLE), DeadlineExceeded or Cancelled for work that had not begun, Cancelled at once for
   * work that had, Unavailable (reason DRAINING) while draining, Internal
   */
  infer(request: worker.InferRequest, options: InferOptions): Promise<worker.InferResponse>;
  load(): common.NodeLoad;
  variants(): worker.ListVariantsResponse;
}

export interface WorkerNodeOptions {
  readonly nodeId: string;
  readonly tier: Tier;
  readonly runner: Pick<Runner, 'run' | 'load' | 'variants' | 'labels'>;
  /** What the runner's variants are of now. */
  readonly family: () => IdentifiedFamily;
  /** The newest figures. */
  readonly figures: () => readonly ServiceFigure[];
  readonly energy: Pick<EnergyProbe, 'energyOfInference'>;
  /** Share of the node's processors that one inference keeps busy, 0..1. */
  readonly cpuShare: number;
  readonly dilationFactor: number;
  /** Aborts when the node begins to drain. */
  readonly draining: AbortSignal;
  readonly clock: Clock;
}

export function createWorkerNode(options: WorkerNodeOptions): WorkerNode {
  const { nodeId, tier, runner, family, figures, energy, cpuShare, draining, clock } = options;
  const instanceId = randomUUID();
  const load = () =>
    nodeToWire(
      nodeReport(options, runner.load(), {
        figures: figures(),
        draining: draining.aborted,
        instanceId,
        familyVersion: family().version,
      }),
    );

  return {
    load,

    async infer(request, { arrivedAt, deadlineAt = Infinity, signal, caller, traceContext }) {
      if (draining.aborted)
        throw new Unavailable('the node is draining; send the request elsewhere', { reason: 'DRAINING' });
      const { variant, input, timeoutMs, background, wantOutputs } = inferenceFromWire(request);
      const until = Math.min(deadlineAt, arrivedAt + timeoutMs);
      const before = runner.load();
      const concurrency = before.inService + before.queued;

      const running = runner.run({
        variant,
        input,
        deadlineAt: until < Infinity ? until : undefined,
        signal,
        background,
        wantOutputs,
        caller,
      });
      const result = await abandonable(running, signal).catch((error: unknown) => {
        throw error instanceof InvalidInput ? inWireFields(error) : error;
      });

      const { queueMs, decodeMs, computeMs, batchSize } = result;
      // The frames of a batch share its computation.
      const energyJ = energy.energyOfInference({ computeMs: computeMs / batchSize, decodeMs, cpuShare });
      const at = clock.now();
      const workerMs = Math.max(at - arrivedAt, queueMs + decodeMs + computeMs);
      recordWorkerHops({
        parent: extractTraceContext(request.trace?.traceparent ? request.trace : traceContext),
        at,
        times: { queueMs, decodeMs, computeMs, workerMs },
        facts: { nodeId, tier, variant, energyJ, concurrency },
      });
      return {
        requestId: request.requestId,
        classification: result.task === 'tensor' ? undefined : classificationOf(result),
        queueMs,
        decodeMs,
        computeMs,
        workerMs,
        energyJ,
        concurrency,
        load: load(),
        batchSize,
        outputs: result.outputs?.map(namedTensorToWire) ?? [],
      };
    },

    variants() {
      const { name, version, checksums } = family();
      return {
        nodeId,
        tier: tierToWire(tier),
        labels: [...runner.labels],
        variants: runner.variants.map((entry) =>
          servedVariantToWire(servedVariantOf(entry, runner), {
            figure: figures().find(({ variant }) => variant === entry.name),
            checksum: checksums.get(entry.name),
            canaryOf: entry.stage?.kind === 'canary' ? entry.stage.of : undefined,
          }),
        ),
        dilationFactor: options.dilationFactor,
        family: { name, version },
        instanceId,
      };
    },
  };
}

const servedVariantOf = (entry: VariantEntry, { labels }: Pick<Runner, 'labels'>): ServedVariant => ({
  ...entry,
  task: entry.task ?? 'classification',
  ...interfaceOf(entry, { labels }),
  accuracy: expectedAccuracy(entry),
  accuracyMeasure: entry.task === 'tensor' ? entry.accuracy.measure : 'top-1',
  picture: entry.task === 'tensor' ? undefined : entry.input,
});

const classificationOf = ({ classIndex, label, confidence, margin }: RunResult): common.Classification => ({
  classIndex,
  label,
  confidence,
  margin,
});

/** A running model cannot be stopped, but a caller that cancels need not wait for it. */
async function abandonable<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: abandoned, reject } = Promise.withResolvers<never>();
  const abandon = () => reject(new Cancelled('cancelled', { cause: signal.reason }));
  signal.addEventListener('abort', abandon, { once: true });
  try {
    return await Promise.race([running, abandoned]);
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}
