import { type Clock, FailedPrecondition, type Logger, NotFound } from '@weir/base';
import type { ServiceFigure } from '@weir/domain';
import {
  expectedAccuracy,
  type Family,
  type InferenceInput,
  startIdleChecks,
  startRunner,
  type VariantEntry,
  variantNamed,
  zeroInput,
} from '@weir/inference';
import type { EnergyProbe } from '@weir/telemetry';
import { calibrate, type CalibratedVariant } from './calibration.ts';
import type { Config } from '../config.ts';
import type { LocalRunner } from './local-target.ts';

/** The device's own variants, warm and calibrated. */
export interface LocalModels extends AsyncDisposable {
  readonly runner: LocalRunner;
  /** Slows the emulated processor down by a factor > 0. Throws FailedPrecondition when none is emulated. */
  slowDown(factor: number): void;
  /** The newest figures of each variant that runs here; idle checks renew them. */
  figures(): readonly ServiceFigure[];
}

/** A grey pixel as PNG: a shadow run decodes, resizes and normalises it like any picture. */
const calibrationPicture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAADElEQVQI12NoaGgAAAMEAYGa8M1PAAAAAElFTkSuQmCC',
  'base64',
);

/** Loads, warms and calibrates. Throws NotFound for a variant that the family lacks. */
export async function startLocalModels(
  config: Config,
  { family, energy, clock, logger }: { family: Family; energy: EnergyProbe; clock: Clock; logger: Logger },
): Promise<LocalModels> {
  const { localVariants, slots, threadsPerSession, queueLimit, dilationFactor, idleCheckMs } = config;
  if (localVariants.length === 1 && localVariants[0] === 'none')
    return {
      runner: noRunner,
      slowDown() {
        throw new FailedPrecondition('no variant runs on this device');
      },
      figures: () => [],
      async [Symbol.asyncDispose]() {},
    };
  const runner = await startRunner({
    family,
    variants: localVariants.length > 0 ? localVariants : undefined,
    slots,
    threadsPerSession,
    queueLimit,
    dilation: dilationFactor > 0 ? { factor: dilationFactor } : undefined,
    clock,
    logger,
  });
  const inputOf = (name: string): InferenceInput => {
    const variant = variantNamed(runner, name);
    return variant.task === 'tensor' ? zeroInput(variant) : { image: calibrationPicture };
  };
  const calibration = await calibrate(runner.variants.map(variantOf), async (variant) => {
    const { decodeMs, computeMs } = await runner.run({ variant, input: inputOf(variant) });
    return decodeMs + computeMs;
  });
  const figures = () =>
    [...calibration.services()].map(([variant, serviceMs]) => ({
      variant,
      serviceMs,
      energyJ: energy.energyOfInference({ computeMs: serviceMs, cpuShare: 1 / slots }),
    }));
  logger.info({ figures: figures() }, 'calibrated');
  const checks = startIdleChecks({
    runner,
    variants: calibration.set.map(({ name }) => ({ name, input: inputOf(name) })),
    periodMs: idleCheckMs,
    clock,
    logger,
    onChecked: (variant, serviceMs) => calibration.measured(variant, serviceMs),
  });
  return {
    runner: { run: checks.run, load: runner.load },
    slowDown: runner.slowDown,
    figures,
    async [Symbol.asyncDispose]() {
      checks[Symbol.dispose]();
      await runner.drain();
      await runner[Symbol.asyncDispose]();
    },
  };
}

/** A manifest's variant, as planning sees it. */
export function variantOf(entry: VariantEntry): CalibratedVariant {
  const { name, macs, precision, referenceMs } = entry;
  return {
    name,
    // A manifest may omit the count; all variants then count as equally large.
    macs: macs ?? 1,
    precision: precision === 'int8' ? 'int8' : 'fp32',
    accuracy: expectedAccuracy(entry),
    referenceMs,
  };
}

/** The runner of a device that runs nothing itself. */
const noRunner: LocalRunner = {
  async run({ variant }) {
    throw new NotFound(`${variant} does not run on this device`);
  },
  load: () => ({
    slots: 1,
    inService: 0,
    queued: 0,
    backlogMs: 0,
    meanBacklogMs: 0,
    congestionPerMs: 0,
    utilization: 0,
  }),
};
