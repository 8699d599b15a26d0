import { medianRunMs } from '@weir/inference';
import type { Variant } from '@weir/domain';

/** A variant with a proxy for its relative cost on any machine. */
export interface CalibratedVariant extends Variant {
  /** Its compute time on the family's reference machine, ms, where the manifest has it. */
  readonly referenceMs?: number | undefined;
}

/**
 * Measures how fast this processor is: the best FP32, the best INT8 and the smallest variant run; the others' service times
 * follow from their cost relative to the nearest measured one.
 */
export class Calibration {
  /** The variants to measure. */
  readonly set: readonly CalibratedVariant[];
  readonly #variants: readonly CalibratedVariant[];
  readonly #measuredMs = new Map<CalibratedVariant, number>();

  constructor(variants: readonly CalibratedVariant[]) {
    this.#variants = variants;
    this.set = calibrationSet(variants);
  }

  /** Decode and compute of one variant of the set, ms; replaces the last. */
  measured(variant: string, serviceMs: number): void {
    this.#measuredMs.set(
      this.set.find(({ name }) => name === variant)!,
      serviceMs,
    );
  }

  /** Undefined for a variant that is not of the set, or has not been measured. */
  measuredMs(variant: string): number | undefined {
    const measured = this.set.find(({ name }) => name === variant);
    return measured && this.#measuredMs.get(measured);
  }

  /** Decode and compute of every variant, ms. */
  services(): ReadonlyMap<string, number> {
    return new Map(this.#variants.map((variant) => [variant.name, estimate(variant, this.#measuredMs)]));
  }
}

/**
 * Registration calibration: shadow runs of the set. `measure`: decode and compute of one run, ms; `known`: the same where it
 * need not be measured.
 */
export async function calibrate(
  variants: readonly CalibratedVariant[],
  measure: (variant: string) => Promise<number>,
  known: (variant: string) => number | undefined = () => undefined,
): Promise<Calibration> {
  const calibration = new Calibration(variants);
  for (const { name } of calibration.set)
    calibration.measured(name, known(name) ?? (await medianRunMs(() => measure(name))));
  return calibration;
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
