import { type Clock, FailedPrecondition, type Logger, NotFound } from '@weir/base';
import type { ServiceFigure } from '@weir/domain';
import {
  expectedAccuracy,
  type Family,
  identityOf,
  type InferenceInput,
  meantBy,
  renewableRunner,
  type Runner,
  startIdleChecks,
  startRunner,
  type VariantEntry,
  variantNamed,
  zeroInput,
} from '@weir/inference';
import type { EnergyProbe } from '@weir/telemetry';
import { calibrate, type CalibratedVariant, type Calibration } from './calibration.ts';
import type { Config } from '../config.ts';
import type { LocalRunner } from './local-target.ts';

/** The device's own variants, warm and calibrated. */
export interface LocalModels extends AsyncDisposable {
  readonly runner: LocalRunner;
  /** Slows the emulated processor down by a factor > 0. Throws FailedPrecondition when none is emulated. */
  slowDown(factor: number): void;
  /** The newest figures of each variant that runs here; idle checks renew them. */
  figures(): readonly ServiceFigure[];
  /**
   * Loads, warms and calibrates what another state of the family brings; call what it resolves to to put that into use.
   * Rejects as the start does, and then all stays as it is.
   */
  prepare(family: Family): Promise<() => void>;
}

export interface LocalModelsOptions {
  readonly family: Family;
  readonly energy: EnergyProbe;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A grey pixel as PNG: a shadow run decodes, resizes and normalises it like any picture. */
export const calibrationPicture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAADElEQVQI12NoaGgAAAMEAYGa8M1PAAAAAElFTkSuQmCC',
  'base64',
);

/**
 * Loads, warms and calibrates. Throws NotFound for a variant that the family lacks, FailedPrecondition for one that is retired.
 */
export async function startLocalModels(config: Config, options: LocalModelsOptions): Promise<LocalModels> {
  const { localVariants, slots, threadsPerSession, queueLimit, dilationFactor, idleCheckMs } = config;
  const { energy, clock, logger } = options;
  if (localVariants.length === 1 && localVariants[0] === 'none') return noModels;

  const begin = async (family: Family, before?: State): Promise<State> => {
    for (const name of localVariants)
      if (!family.retired?.some((variant) => variant.name === name)) variantNamed(family, name);
    const chosen = meantBy(localVariants, family).map(({ name }) => name);
    if (chosen.length === 0)
      throw new FailedPrecondition(`none of --local-variants is left (${localVariants.join(', ')})`);
    const { checksums } = identityOf(family);
    const runner = await startRunner({
      family,
      variants: chosen,
      slots,
      threadsPerSession,
      queueLimit,
      dilation: dilationFactor > 0 ? { factor: dilationFactor } : undefined,
      clock,
      logger,
    });
    try {
      const measure = async (variant: string) => {
        const { decodeMs, computeMs } = await runner.run({ variant, input: inputOf(runner, variant) });
        return decodeMs + computeMs;
      };
      const known = (name: string) =>
        before && before.checksums.get(name) === checksums.get(name)
          ? before.calibration.measuredMs(name)
          : undefined;
      const calibration = await calibrate(runner.variants.map(variantOf), measure, known);
      return { runner, calibration, checksums };
    } catch (error) {
      await runner[Symbol.asyncDispose]();
      throw error;
    }
  };

  let state = await begin(options.family);
  const runner = renewableRunner(state.runner, { clock, logger });
  const figures = () =>
    [...state.calibration.services()].map(([variant, serviceMs]) => ({
      variant,
      serviceMs,
      energyJ: energy.energyOfInference({ computeMs: serviceMs, cpuShare: 1 / slots }),
    }));
  logger.info({ figures: figures() }, 'calibrated');
  const checks = startIdleChecks({
    runner,
    variants: () => state.calibration.set.map(({ name }) => ({ name, input: inputOf(runner, name) })),
    periodMs: idleCheckMs,
    clock,
    logger,
    onChecked(variant, serviceMs) {
      if (state.calibration.set.some(({ name }) => name === variant))
        state.calibration.measured(variant, serviceMs);
    },
  });
  return {
    runner: { run: checks.run, load: runner.load },
    slowDown: runner.slowDown,
    figures,
    async prepare(family) {
      const [now, next] = [contentOf(runner.variants), contentOf(meantBy(localVariants, family))];
      // Labels stay as long as the agent runs: the same files and preprocessing are the same models.
      if (now === next) return () => {};
      const renewed = await begin(family, state);
      return () => {
        runner.replace(renewed.runner);
        state = renewed;
        logger.info({ figures: figures() }, 'the family has changed: calibrated');
      };
    },
    async [Symbol.asyncDispose]() {
      checks[Symbol.dispose]();
      await runner.drain();
      await runner[Symbol.asyncDispose]();
    },
  };
}

interface State {
  readonly runner: Runner;
  readonly calibration: Calibration;
  readonly checksums: ReadonlyMap<string, string>;
}

const inputOf = (runner: Pick<Runner, 'variants'>, name: string): InferenceInput => {
  const variant = variantNamed(runner, name);
  return variant.task === 'tensor' ? zeroInput(variant) : { image: calibrationPicture };
};

/** What tells whether the same models are to run. */
const contentOf = (variants: readonly VariantEntry[]) => {
  const { checksums } = identityOf({ name: '', labels: [], variants });
  return JSON.stringify(variants.map(({ name, path }) => [name, path, checksums.get(name)]).sort());
};

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

/** Those of a device that runs nothing itself. */
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

const noModels: LocalModels = {
  runner: noRunner,
  slowDown() {
    throw new FailedPrecondition('no variant runs on this device');
  },
  figures: () => [],
  prepare: async () => () => {},
  async [Symbol.asyncDispose]() {},
};
