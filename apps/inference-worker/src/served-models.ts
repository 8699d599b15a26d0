import { type Clock, FailedPrecondition, type Logger } from '@weir/base';
import type { ServiceFigure } from '@weir/domain';
import {
  type Family,
  type IdentifiedFamily,
  identityOf,
  type InferenceInput,
  meantBy,
  type RenewableRunner,
  renewableRunner,
  type Runner,
  startIdleChecks,
  startRunner,
  type VariantEntry,
} from '@weir/inference';
import type { EnergyProbe } from '@weir/telemetry';
import { batchFigures } from './batch-figures.ts';
import { calibrate, testInput } from './calibration.ts';
import type { Config } from './config.ts';

export interface ServedModelsOptions {
  readonly config: Config;
  readonly family: Family;
  readonly energy: Pick<EnergyProbe, 'energyOfInference'>;
  /** Share of the node's processors that one inference keeps busy, 0..1. */
  readonly cpuShare: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The variants of a node, warm and measured, and what they are of. */
export interface ServedModels extends AsyncDisposable {
  /** As it is at any moment. */
  readonly runner: Runner;
  /** The newest figures, of all variants that are served. */
  figures(): readonly ServiceFigure[];
  family(): IdentifiedFamily;
  /** Variants of the family that are served no longer. */
  retired(): readonly VariantEntry[];
  /**
   * Serves another state of the family. Variants that come are loaded, warmed and measured before anybody hears of them;
   * those that go finish what was accepted, and what still comes for a moment.
   * @throws FailedPrecondition when none of the node's variants is left
   */
  renew(family: Family): Promise<void>;
}

/** Resolves when every variant is warm and measured. */
export async function startServedModels(options: ServedModelsOptions): Promise<ServedModels> {
  const { config, family: first, energy, cpuShare, clock, logger } = options;
  const { slots, threadsPerSession, maxBatch, queueLimit, dilationFactor, idleCheckMs } = config;
  const dilated = dilationFactor > 0;
  let family = identityOf(first);
  let retired = first.retired ?? [];
  let figures: readonly ServiceFigure[] = [];
  let inputs: ReadonlyMap<string, InferenceInput> = new Map();

  /** Starts what serves `next`; variants that are the same models as before keep their figures. */
  const begin = async (next: Family, before?: Runner) => {
    const identity = identityOf(next);
    const variants = meantBy(config.variants, next).map(({ name }) => name);
    if (variants.length === 0)
      throw new FailedPrecondition(`none of --variants is left (${config.variants.join(', ')})`);
    const isKnown = ({ name }: { name: string }) =>
      before !== undefined &&
      figures.some(({ variant }) => variant === name) &&
      family.checksums.get(name) === identity.checksums.get(name);
    const runner = await startRunner({
      family: next,
      variants,
      slots,
      threadsPerSession,
      maxBatch,
      knownCurves: new Map([...(before?.batchCurves ?? [])].filter(([name]) => isKnown({ name }))),
      queueLimit,
      dilation: dilated ? { factor: dilationFactor } : undefined,
      clock,
      logger,
    });
    try {
      const coming = runner.variants.filter((variant) => !isKnown(variant));
      const measured = await calibrate({
        runner: { variants: coming, run: runner.run },
        energy,
        cpuShare,
        dilated,
      });
      const known = runner.variants.filter(isKnown).map(({ name }) => name);
      const inputsOf = runner.variants.map(
        async (variant) => [variant.name, await testInput(variant)] as const,
      );
      return { runner, identity, measured, known, inputs: new Map(await Promise.all(inputsOf)) };
    } catch (error) {
      await runner[Symbol.asyncDispose]();
      throw error;
    }
  };
  /** In one turn, so that nobody sees half of it. */
  const announce = ({ identity, measured, known, inputs: next }: Awaited<ReturnType<typeof begin>>) => {
    family = identity;
    figures = [...figures.filter(({ variant }) => known.includes(variant)), ...measured];
    inputs = next;
  };

  const started = await begin(first);
  announce(started);
  logger.info({ figures, batches: batchFigures(started.runner.batchCurves) }, 'warm');
  const runner: RenewableRunner = renewableRunner(started.runner, { clock, logger });
  const checks = startIdleChecks({
    runner,
    variants: () => [...inputs].map(([name, input]) => ({ name, input })),
    periodMs: idleCheckMs,
    clock,
    logger,
    onChecked(variant, serviceMs) {
      const energyJ = energy.energyOfInference({ computeMs: serviceMs, cpuShare });
      figures = figures.map((figure) =>
        figure.variant === variant ? { variant, serviceMs, energyJ } : figure,
      );
    },
  });

  return {
    runner: withRun(runner, checks.run),
    figures: () => figures,
    family: () => family,
    retired: () => retired,
    async renew(next) {
      if (servesSame(runner, next, config.variants)) {
        family = identityOf(next);
        retired = next.retired ?? [];
        return;
      }
      const renewed = await begin(next, runner);
      runner.replace(renewed.runner);
      announce(renewed);
      retired = next.retired ?? [];
      logger.info({ figures, family: family.version }, 'the family has changed: warm');
    },
    async [Symbol.asyncDispose]() {
      checks[Symbol.dispose]();
      await runner[Symbol.asyncDispose]();
    },
  };
}

/** Whether all that the node runs is as it was, canaries included. */
function servesSame({ variants, labels }: Runner, next: Family, names: readonly string[]): boolean {
  const contentOf = (served: Runner['variants']) => {
    const { checksums } = identityOf({ name: '', labels, variants: served });
    return JSON.stringify(
      served.map(({ name, path, stage }) => [name, path, stage, checksums.get(name)]).sort(),
    );
  };
  return contentOf(variants) === contentOf(meantBy(names, next));
}

/** The same runner, live, with another way in. */
const withRun = (runner: Runner, run: Runner['run']): Runner =>
  Object.create(runner, { run: { value: run, enumerable: true } }) as Runner;
