import { mean, seededRandom } from '@weir/base';
import type { HiLcbOptions } from '@weir/learning';
import { leastPrice } from '../hindsight/least-price.ts';
import { EpochCell } from './epoch-cell.ts';
import type { EpochCellOptions } from './epoch-cell-options.ts';
import { fixedThreshold } from './hindsight.ts';
import { runLearning } from './learning-run.ts';

export interface TunedHiLcb {
  readonly options: Pick<HiLcbOptions, 'first' | 'second' | 'nodeOf' | 'priceMs'>;
  /** Of the last tenth of the interactions, over all seeds; without noise. */
  readonly meanMs: number;
  readonly accuracy: number;
}

/**
 * HI-LCB in favourable circumstances: variants and places of the quickest fixed threshold that looks again, and the price of
 * a wrong answer that, over these very seeds, just holds the floor. Undefined when none does.
 */
export function tunedHiLcb({
  cell,
  seeds,
  interactions,
}: {
  readonly cell: EpochCellOptions;
  readonly seeds: readonly number[];
  readonly interactions: number;
}): TunedHiLcb | undefined {
  const example = new EpochCell(seededRandom(seeds[0]!), cell);
  const rule = fixedThreshold(example, { again: true });
  const [[id, look] = []] = rule?.secondLooks ?? [];
  if (!rule || id === undefined || !look) return undefined;
  const places = {
    first: rule.placements.get(id)!.variant,
    second: look.placement.variant,
    nodeOf: Object.fromEntries(
      [...rule.secondLooks].map(([device, { placement }]) => [device, placement.nodeId]),
    ),
  };
  const { accuracyFloor } = example.cell.objective;
  const run = (priceMs: number) => {
    const learnerOptions = { ...places, priceMs };
    const results = seeds.map((seed) =>
      runLearning({ learner: 'hi-lcb', learnerOptions, cell, interactions, seed }),
    );
    return {
      meanMs: mean(results.map(({ responseMs }) => responseMs)),
      accuracy: mean(results.map(({ accuracy }) => accuracy)),
    };
  };
  const priceMs = leastPrice((price) => run(price).accuracy >= accuracyFloor - 1e-9);
  return priceMs === undefined ? undefined : { options: { ...places, priceMs }, ...run(priceMs) };
}
