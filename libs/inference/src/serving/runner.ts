import {
  type Clock,
  FailedPrecondition,
  InvalidInput,
  type Logger,
  silentLogger,
  systemClock,
} from '@weir/base';
import { type InferenceInput, type ModelInput, modelInput } from './inference-input.ts';
import type { NamedTensorValue } from '@weir/domain';
import {
  type Classifier,
  type Family,
  type Task,
  type VariantEntry,
  variantNamed,
} from '../catalogue/manifest.ts';
import { classified } from './classifier-answer.ts';
import { noPrediction, type Prediction } from './probabilities.ts';
import { type BatchCurve, batchCurve, batchSizes } from './batch-curve.ts';
import { type BackgroundSlot, createBackgroundSlot, notIdle } from './background-slot.ts';
import { type DecodedPicture, LargePictures, MOST_PIXELS_IN_SLOT } from './large-pictures.ts';
import { pixelsToDecode } from './picture-limits.ts';
import { createPreprocessor } from './preprocessor.ts';
import { type Batch, type ItemResult, type SessionSlot, startSlot } from './session-slot.ts';
import { modelOf, type UnsizedModel } from './session-model.ts';
import { type Dilation, holdTimes } from './hold-times.ts';
import { isDraining, type Load, SlotPool } from './slot-pool.ts';

export interface RunnerOptions {
  readonly family: Family;
  /** Names of the variants to serve. @default all of the family */
  readonly variants?: readonly string[] | undefined;
  /** Inferences at once; each slot is a thread with sessions of its own. @default 1 */
  readonly slots?: number | undefined;
  /** Intra-op threads of a session. @default 1 */
  readonly threadsPerSession?: number | undefined;
  /** Requests that may wait, and beside them as many large pictures; one more is refused. @default 64 */
  readonly queueLimit?: number | undefined;
  /**
   * Most inferences that run together, of a variant whose model takes batches; each variant's own limit is measured at the
   * start: as long as throughput gains 10 %. @default 1
   */
  readonly maxBatch?: number | undefined;
  /** Batches that are known already, by variant: they are not measured again. @default none */
  readonly knownCurves?: ReadonlyMap<string, BatchCurve> | undefined;
  /** Emulates a slower (or, of many, a faster) processor. @default off */
  readonly dilation?: Dilation | undefined;
  /** @default systemClock */
  readonly clock?: Clock | undefined;
  /** @default silentLogger */
  readonly logger?: Logger | undefined;
}

export interface RunRequest {
  readonly variant: string;
  readonly input: InferenceInput;
  /** Epoch ms of the runner's clock; after it the inference is not started any more. */
  readonly deadlineAt?: number | undefined;
  /** Takes the request out of the queue; work that has started is finished. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Nobody waits for it: computed beside the slots, at the lowest priority of the operating system, and only when nothing
   * runs or waits as it comes; else ResourceExhausted, reason NOT_IDLE. It counts neither in the load nor in what is
   * expected of others. @default false
   */
  readonly background?: boolean | undefined;
  /** Gives the outputs of a classifier too; other models always give theirs. @default false */
  readonly wantOutputs?: boolean | undefined;
  /** Who asks: large pictures are decoded for callers in turn. @default all are one caller */
  readonly caller?: string | undefined;
}

/** What a classifier says, where it is one, and what it cost. */
export interface RunResult extends Prediction {
  /** Absent: classification. Of a model that is no classifier the prediction is `noPrediction`. */
  readonly task?: Task | undefined;
  /** In the order of the model's outputs; of a classifier only where they were asked for. */
  readonly outputs?: readonly NamedTensorValue[] | undefined;
  /** From acceptance until a slot was free; of a large picture also until it could be decoded. */
  readonly queueMs: number;
  /** Decoding, resizing and normalising the picture. */
  readonly decodeMs: number;
  /** Of the model, for the whole batch; as long as the slot was held under dilation. */
  readonly computeMs: number;
  /** Inferences that were computed together with this one, itself included. */
  readonly batchSize: number;
}

export interface Runner extends AsyncDisposable {
  /** The variants served, warm. */
  readonly variants: readonly VariantEntry[];
  /** What each variant's batches measured at the start, by its name; without emulation. */
  readonly batchCurves: ReadonlyMap<string, BatchCurve>;
  /** Labels of all variants, in the order of `probabilities`. */
  readonly labels: readonly string[];
  /**
   * One inference.
   * @throws NotFound for a variant that is not served, InvalidInput, ResourceExhausted when the queue is full,
   * DeadlineExceeded or Cancelled when the work was dropped before it ran, Unavailable while draining, Internal
   */
  readonly run: (request: RunRequest) => Promise<RunResult>;
  /** What waits and what is coming, now and over the last 5 s. */
  readonly load: () => Load;
  /**
   * Makes the emulated processor so many times as slow as it was at the start, > 0, from the next inference on.
   * @throws FailedPrecondition when nothing is emulated
   */
  readonly slowDown: (times: number) => void;
  /** Refuses new requests and resolves when the accepted ones are answered. */
  readonly drain: () => Promise<void>;
}

/** How fast the estimate of a variant's service time follows what is measured. */
const ESTIMATE_GAIN = 0.1;

/**
 * Loads every variant in every slot and runs each a few times before it resolves: no caller meets a cold session.
 * Disposal ends the threads at once and fails what was accepted; `drain` first to finish it.
 */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { family, clock = systemClock, logger = silentLogger } = options;
  const slotCount = atLeastOne('slots', options.slots ?? 1);
  const variants = (options.variants ?? family.variants.map(({ name }) => name)).map((name) =>
    variantNamed(family, name),
  );
  let holdMs = holdTimes(variants, options.dilation);
  // The largest first: what loading it takes and gives back is room for the others.
  const loadingOrder = variants.toSorted((a, b) => b.bytes - a.bytes);
  const models = loadingOrder.map(modelOf);
  const threadsPerSession = atLeastOne('threadsPerSession', options.threadsPerSession ?? 1);
  const setup: SlotsSetup = {
    models,
    threadsPerSession,
    maxBatch: atLeastOne('maxBatch', options.maxBatch ?? 1),
    knownCurves: options.knownCurves ?? new Map(),
    logger,
  };
  const { slots, curves } = await startSlots(slotCount, setup);
  const backgroundSlot = createBackgroundSlot({ startThread: () => startBackgroundThread(setup), clock });
  const queueLimit = options.queueLimit ?? 64;
  const preprocessor = createPreprocessor();
  const largePictures = new LargePictures({ preprocessor, slots: slotCount, queueLimit, clock });
  /** Requests with large pictures that are not answered. */
  const large = new Set<Promise<unknown>>();
  let drained = false;
  const pool = new SlotPool<Work, ItemResult>({
    slots: slotCount,
    queueLimit,
    clock,
    start: (slot, requests) => slots[slot]!.start(batchOf(requests)),
    hasRoom: (slot) => slots[slot]!.hasRoom(),
    recovered: (slot) => slots[slot]!.recovered(),
    batchLimit: (name) => curves.get(name)!.limit,
    batchFactor: (name, size) => curves.get(name)!.factor(size),
  });
  const batchOf = (requests: readonly Work[]): Batch => {
    const { variant } = requests[0]!;
    const alone = holdMs.get(variant);
    return {
      variant,
      inputs: requests.map(({ input }) => input),
      holdMs: alone === undefined ? undefined : alone * curves.get(variant)!.factor(requests.length),
    };
  };
  const runInBackground: BackgroundSlot['run'] = async (job) => {
    const { inService, queued } = pool.load();
    const decoding = largePictures.size;
    if (inService + queued + decoding > 0) throw notIdle(`${inService + decoding} run and ${queued} wait`);
    return backgroundSlot.run(job);
  };
  const expectedMs = new Map(
    variants.map(({ name }) => [name, holdMs.get(name) ?? slots[0]!.warmMs[name]?.[1] ?? 1]),
  );

  const answer = async (
    { deadlineAt, signal, background = false, wantOutputs = false }: RunRequest,
    { variant, work, decoded }: { variant: VariantEntry; work: Work; decoded?: DecodedPicture },
  ): Promise<RunResult> => {
    const { name } = variant;
    const { value, elapsedMs, batchSize } = await (background
      ? runInBackground({ payload: batchOf([work]), deadlineAt, signal })
      : pool.submit({ payload: work, expectedMs: expectedMs.get(name)!, deadlineAt, signal, group: name }));
    if ('fault' in value) throw value.fault;
    const { computeMs } = value;
    const inSlotMs = 'outputs' in value ? 0 : value.decodeMs;
    if (!background) {
      const before = expectedMs.get(name)!;
      const alone = inSlotMs + computeMs / curves.get(name)!.factor(batchSize);
      expectedMs.set(name, before + ESTIMATE_GAIN * (alone - before));
    }
    const said =
      'outputs' in value
        ? { ...noPrediction, task: 'tensor' as const, outputs: value.outputs }
        : classified(variant as Classifier, { output: value.output, labels: family.labels, wantOutputs });
    return {
      ...said,
      queueMs: (decoded?.waitMs ?? 0) + Math.max(0, elapsedMs - inSlotMs - computeMs),
      decodeMs: decoded?.decodeMs ?? inSlotMs,
      computeMs,
      batchSize,
    };
  };

  return {
    variants,
    batchCurves: curves,
    labels: family.labels,
    async run(request) {
      const { variant: name, background = false, caller = '', deadlineAt, signal } = request;
      const variant = variantNamed({ variants }, name);
      const input = modelInput(request.input, variant);
      if (drained) throw isDraining();
      if (background || !('image' in input) || pixelsToDecode(input.image) <= MOST_PIXELS_IN_SLOT)
        return answer(request, { variant, work: { variant: name, input } });
      const { image } = input;
      const spec = (variant as Classifier).input;
      const answered = largePictures
        .decode({ image, input: spec, caller, deadlineAt, signal })
        .then((decoded) =>
          answer(request, {
            variant,
            work: { variant: name, input: { tensor: decoded.tensor } },
            decoded,
          }),
        )
        .finally(() => large.delete(answered));
      large.add(answered);
      return answered;
    },
    load: () => pool.load(),
    slowDown(times) {
      const { dilation } = options;
      if (!dilation) throw new FailedPrecondition('no processor is emulated here');
      holdMs = holdTimes(variants, { ...dilation, factor: dilation.factor * times });
      for (const [name, ms] of holdMs) expectedMs.set(name, ms);
    },
    async drain() {
      drained = true;
      // What is decoded now comes to the pool afterwards.
      await Promise.allSettled(large);
      await Promise.all([pool.drain(), backgroundSlot.drain()]);
    },
    async [Symbol.asyncDispose]() {
      largePictures.close();
      pool.close();
      await Promise.all([...slots, backgroundSlot, preprocessor].map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

/** One inference, checked. */
type Work = Pick<RunRequest, 'variant'> & { readonly input: ModelInput };

interface SlotsSetup {
  readonly models: readonly UnsizedModel[];
  readonly threadsPerSession: number;
  readonly maxBatch: number;
  readonly knownCurves: ReadonlyMap<string, BatchCurve>;
  readonly logger: Logger;
}

const entry = new URL('./session-thread.ts', import.meta.url);
const onCrashOf = (logger: Logger) => (err: Error) => logger.error({ err }, 'an inference thread died');

const startBackgroundThread = ({ models, threadsPerSession, logger }: SlotsSetup): Promise<SessionSlot> =>
  startSlot({
    entry,
    models: models.map((model) => ({ ...model, batchSizes: [1] })),
    threadsPerSession,
    background: true,
    onCrash: onCrashOf(logger),
  });

/**
 * The first slot starts alone, so that the batch curve is measured on a processor that does nothing else; the others warm
 * only the sizes that pay. All or none: a thread that cannot start ends those that did.
 */
async function startSlots(
  count: number,
  { models, threadsPerSession, maxBatch, knownCurves, logger }: SlotsSetup,
): Promise<{ slots: readonly SessionSlot[]; curves: ReadonlyMap<string, BatchCurve> }> {
  const onCrash = onCrashOf(logger);
  const start = (sizesOf: (model: UnsizedModel) => readonly number[]) =>
    startSlot({
      entry,
      models: models.map((model) => ({ ...model, batchSizes: sizesOf(model) })),
      threadsPerSession,
      onCrash,
    });
  const first = await start((model) =>
    batchSizes(knownCurves.get(model.name)?.limit ?? ('input' in model && model.dynamicBatch ? maxBatch : 1)),
  );
  const curves = new Map(
    models.map(({ name }) => [name, knownCurves.get(name) ?? batchCurve(first.warmMs[name]!)]),
  );
  const others = await Promise.allSettled(
    Array.from({ length: count - 1 }, () => start(({ name }) => batchSizes(curves.get(name)!.limit))),
  );
  const started = others.flatMap((other) => (other.status === 'fulfilled' ? [other.value] : []));
  const failure = others.find((other) => other.status === 'rejected');
  if (!failure) return { slots: [first, ...started], curves };
  for (const slot of [first, ...started]) await slot[Symbol.asyncDispose]();
  throw failure.reason;
}

function atLeastOne(field: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidInput([{ field, description: `must be a whole number of 1 or more, got ${value}` }]);
}
