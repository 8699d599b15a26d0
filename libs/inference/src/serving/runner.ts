import {
  type Clock,
  FailedPrecondition,
  InvalidInput,
  type Logger,
  silentLogger,
  systemClock,
} from '@weir/base';
import type { InferenceInput } from './image.ts';
import { type Family, type VariantEntry, variantNamed } from '../catalogue/manifest.ts';
import { type Prediction, toPrediction } from './probabilities.ts';
import type { ThreadSetup } from './session-protocol.ts';
import { type SessionSlot, startSlot } from './session-slot.ts';
import { type Load, SlotPool } from './slot-pool.ts';

export interface RunnerOptions {
  readonly family: Family;
  /** Names of the variants to serve. @default all of the family */
  readonly variants?: readonly string[] | undefined;
  /** Inferences at once; each slot is a thread with sessions of its own. @default 1 */
  readonly slots?: number | undefined;
  /** Intra-op threads of a session. @default 1 */
  readonly threadsPerSession?: number | undefined;
  /** Most requests waiting; more are refused. @default 64 */
  readonly queueLimit?: number | undefined;
  /** Emulates a slower (or, of many, a faster) processor. @default off */
  readonly dilation?: Dilation | undefined;
  /** @default systemClock */
  readonly clock?: Clock | undefined;
  /** @default silentLogger */
  readonly logger?: Logger | undefined;
}

/** Each inference holds its slot for `factor` times its variant's reference time, whatever the host's speed. */
export interface Dilation {
  readonly factor: number;
  /** By variant. @default `referenceMs` of the manifest */
  readonly referenceMs?: Readonly<Record<string, number>> | undefined;
}

export interface RunRequest {
  readonly variant: string;
  readonly input: InferenceInput;
  /** Epoch ms of the runner's clock after which the inference no longer starts. */
  readonly deadlineAt?: number | undefined;
  /** Removes the request from the queue; started work is finished. */
  readonly signal?: AbortSignal | undefined;
}

export interface RunResult extends Prediction {
  /** From acceptance until a slot was free. */
  readonly queueMs: number;
  /** Decoding, resizing and normalising the picture. */
  readonly decodeMs: number;
  /** Running the model; under dilation, the time its slot was held. */
  readonly computeMs: number;
}

export interface Runner extends AsyncDisposable {
  /** The variants served, warm. */
  readonly variants: readonly VariantEntry[];
  /** Labels of all variants, in the order of `probabilities`. */
  readonly labels: readonly string[];
  /**
   * One inference.
   * @throws NotFound for a variant that is not served, InvalidInput, ResourceExhausted when the queue is full,
   * DeadlineExceeded or Cancelled when the work was dropped before it ran, Unavailable while draining, Internal
   */
  readonly run: (request: RunRequest) => Promise<RunResult>;
  /** Load now and over the last 5 s. */
  readonly load: () => Load;
  /**
   * Slows the emulated processor down by a factor > 0 of its speed at the start, from the next inference on.
   * @throws FailedPrecondition when nothing is emulated
   */
  readonly slowDown: (factor: number) => void;
  /** Refuses new requests and resolves when the accepted ones are answered. */
  readonly drain: () => Promise<void>;
}

/** Gain of the running estimate of a variant's service time. */
const ESTIMATE_GAIN = 0.1;

/**
 * Loads every variant in every slot and warms it up before resolving: no caller meets a cold session.
 * Disposing ends the threads at once and fails accepted requests; `drain` first to finish them.
 */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { family, clock = systemClock, logger = silentLogger } = options;
  const slotCount = atLeastOne('slots', options.slots ?? 1);
  const variants = (options.variants ?? family.variants.map(({ name }) => name)).map((name) =>
    variantNamed(family, name),
  );
  let holdMs = holdTimes(variants, options.dilation);
  const setup: ThreadSetup = {
    models: variants.map(({ name, path, input, output }) => ({ name, path, input, outputName: output.name })),
    threadsPerSession: atLeastOne('threadsPerSession', options.threadsPerSession ?? 1),
  };
  const slots = await startSlots(slotCount, setup, logger);
  const pool = new SlotPool({
    slots: slotCount,
    queueLimit: options.queueLimit ?? 64,
    clock,
    recovered: (slot) => slots[slot]!.recovered(),
  });
  const expectedMs = new Map(
    variants.map(({ name }) => [name, holdMs.get(name) ?? slots[0]!.warmMs[name] ?? 1]),
  );

  return {
    variants,
    labels: family.labels,
    async run({ variant: name, input, deadlineAt, signal }) {
      const variant = variantNamed({ variants }, name);
      const { value, queueMs } = await pool.submit({
        expectedMs: expectedMs.get(name)!,
        deadlineAt,
        signal,
        start: (slot) => slots[slot]!.run({ variant: name, input, holdMs: holdMs.get(name) }),
      });
      const { output, decodeMs, computeMs } = value;
      const before = expectedMs.get(name)!;
      expectedMs.set(name, before + ESTIMATE_GAIN * (decodeMs + computeMs - before));
      const { kind } = variant.output;
      const { temperature } = variant.calibration;
      return {
        ...toPrediction(output, { labels: family.labels, kind, temperature }),
        queueMs,
        decodeMs,
        computeMs,
      };
    },
    load: () => pool.load(),
    slowDown(factor) {
      const { dilation } = options;
      if (!dilation) throw new FailedPrecondition('no processor is emulated here');
      holdMs = holdTimes(variants, { ...dilation, factor: dilation.factor * factor });
      for (const [name, ms] of holdMs) expectedMs.set(name, ms);
    },
    drain: () => pool.drain(),
    async [Symbol.asyncDispose]() {
      pool.close();
      await Promise.all(slots.map((slot) => slot[Symbol.asyncDispose]()));
    },
  };
}

/** All or none: if one thread cannot start, the others end. */
async function startSlots(
  count: number,
  setup: ThreadSetup,
  logger: Logger,
): Promise<readonly SessionSlot[]> {
  const entry = new URL('./session-thread.ts', import.meta.url);
  const onCrash = (err: Error) => logger.error({ err }, 'an inference thread died');
  const starts = await Promise.allSettled(
    Array.from({ length: count }, () => startSlot({ entry, setup, onCrash })),
  );
  const failure = starts.find((start) => start.status === 'rejected');
  if (!failure) return starts.map((start) => (start as PromiseFulfilledResult<SessionSlot>).value);
  for (const start of starts) if (start.status === 'fulfilled') await start.value[Symbol.asyncDispose]();
  throw failure.reason;
}

function holdTimes(variants: readonly VariantEntry[], dilation: Dilation | undefined) {
  const times = new Map<string, number>();
  if (!dilation) return times;
  if (!(dilation.factor > 0))
    throw new InvalidInput([{ field: 'dilation.factor', description: 'must be > 0' }]);
  const unknown: string[] = [];
  for (const { name, referenceMs } of variants) {
    const reference = dilation.referenceMs?.[name] ?? referenceMs;
    if (reference === undefined) unknown.push(name);
    else times.set(name, dilation.factor * reference);
  }
  if (unknown.length > 0)
    throw new FailedPrecondition(
      `dilation needs a reference time for ${unknown.join(', ')}: give dilation.referenceMs, or referenceMs in the manifest`,
    );
  return times;
}

function atLeastOne(field: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidInput([{ field, description: `must be a whole number of 1 or more, got ${value}` }]);
}
