import { type HiLcbOptions, type MarginBins, emptyBins, escalatedBins, withSecondLook } from '@weir/learning';
import { leastPrice } from '@weir/simulation';
import { type HindsightOptions, expectedMs, leastRightOf, slack, tuneThreshold } from './hindsight.ts';

/** α of HI-LCB, as the learner has it by default. */
const confidence = 0.52;

/**
 * HI-LCB in favourable circumstances: variants and places of the quickest fixed threshold that looks again, and the price of
 * a wrong answer at which the bandit, were it shown these very pictures from the first to the last frame, would just answer
 * as many right as the floor demands. Undefined when no price is high enough.
 */
export function tuneHiLcb(
  options: HindsightOptions & {
    /** How many it will see. */
    readonly frames: number;
  },
): Pick<HiLcbOptions, 'first' | 'second' | 'nodeOf' | 'priceMs'> | undefined {
  const { table, answers, frames } = options;
  const rule = tuneThreshold({ ...options, again: true });
  const [example] = rule?.placements ?? [];
  const secondLook = example?.secondLook;
  const curve = table.shape.looks?.curves.find(
    ({ first, second }) => first === example?.variant && second === secondLook?.variant,
  );
  if (!rule || !curve || !secondLook) return undefined;
  const once = rule.placements.map(({ secondLook: _, ...placed }) => placed);
  const share = table.stepOf(example)!.share;
  const costMs = (rule.meanMs - expectedMs(once, options)) / share;
  const [first, second] = [answers.get(curve.first)!, answers.get(curve.second)!];
  const together = table.shape.deviceIds.length;
  const leastRight = leastRightOf(options);

  /** Share of right answers; those of one epoch are decided together. */
  const rightAt = (priceMs: number): number => {
    let bins: MarginBins = emptyBins(curve.steps.map(({ marginBelow }) => marginBelow));
    let right = 0;
    for (let frame = 0, below = 0; frame < frames; frame++) {
      if (frame % together === 0) below = curve.steps[escalatedBins(bins, confidence) - 1]?.marginBelow ?? 0;
      const picture = frame % first.margins.length;
      const margin = first.margins[picture]!;
      const again = margin < below;
      right += Number((again ? second : first).right[picture]);
      bins = { ...bins, frames: bins.frames + 1 };
      const agreed = first.classes[picture] === second.classes[picture];
      if (again) bins = withSecondLook(bins, { margin, agreed, cost: costMs / priceMs });
    }
    return right / frames;
  };
  const priceMs = leastPrice((price) => rightAt(price) >= leastRight - slack);
  if (priceMs === undefined) return undefined;
  const nodeOf = Object.fromEntries(
    rule.placements.map(({ deviceId, secondLook: look }) => [deviceId, look!.nodeId]),
  );
  return { first: curve.first, second: curve.second, nodeOf, priceMs };
}
