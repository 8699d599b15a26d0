import { percentile } from '@weir/base';
import type { Variant } from '@weir/policy';

/** A variant with a proxy of its cost on any one machine. */
export interface CalibratedVariant extends Variant {
  /** Its compute time on the family's reference machine, ms, where the manifest has it. */
  readonly referenceMs?: number | undefined;
}

/** Shadow runs of one variant; the median counts. */
const runsPerVariant = 3;
/** A run as long as this is measured well enough by itself: the agent must not take long to come up, ms. */
const longRunMs = 100;

/**
 * Registration calibration: shadow runs of the best FP32, the best INT8 and the smallest variant on this processor tell
 * its speed; the others' service times follow from their cost relative to the nearest one measured.
 * `measure`: decode and compute of one run, ms. Returns ms for every variant.
 */
export async function calibrate(
  variants: readonly CalibratedVariant[],
  measure: (variant: string) => Promise<number>,
): Promise<ReadonlyMap<string, number>> {
  const measured = new Map<CalibratedVariant, number>();
  for (const variant of calibrationSet(variants)) {
    const runsMs: number[] = [];
    do runsMs.push(await measure(variant.name));
    while (runsMs.length < runsPerVariant && runsMs[0]! < longRunMs);
    measured.set(variant, percentile(runsMs, 0.5));
  }
  return new Map(variants.map((variant) => [variant.name, estimate(variant, measured)]));
}

/** The best FP32, the best INT8 and the smallest; each once. */
export function calibrationSet<V extends Variant>(variants: readonly V[]): readonly V[] {
  const best = (precision: Variant['precision']) =>
    variants
      .filter((variant) => variant.precision === precision)
      .toSorted((a, b) => b.accuracy - a.accuracy)[0];
  const smallest = variants.toSorted((a, b) => a.macs - b.macs)[0];
  return [...new Set([best('fp32'), best('int8'), smallest])].filter((variant) => variant !== undefined);
}

function estimate(variant: CalibratedVariant, measured: ReadonlyMap<CalibratedVariant, number>): number {
  const known = measured.get(variant);
  if (known !== undefined) return known;
  const alike = [...measured.keys()].filter(({ precision }) => precision === variant.precision);
  const candidates = alike.length > 0 ? alike : [...measured.keys()];
  const distance = ({ macs }: Variant) => Math.abs(Math.log(macs / variant.macs));
  const nearest = candidates.toSorted((a, b) => distance(a) - distance(b))[0];
  if (!nearest) return 0;
  const bothReferences = variant.referenceMs !== undefined && nearest.referenceMs !== undefined;
  const ratio = bothReferences ? variant.referenceMs / nearest.referenceMs : variant.macs / nearest.macs;
  return measured.get(nearest)! * ratio;
}
