import { FailedPrecondition, InvalidInput } from '@weir/base';
import type { VariantEntry } from '../catalogue/manifest.ts';

/** Each inference holds its slot for `factor` times its variant's reference time, whatever the host's speed. */
export interface Dilation {
  readonly factor: number;
  /** By variant. @default `referenceMs` of the manifest */
  readonly referenceMs?: Readonly<Record<string, number>> | undefined;
}

/** How long one inference of each variant holds its slot, ms, by name; none without emulation. */
export function holdTimes(
  variants: readonly VariantEntry[],
  dilation: Dilation | undefined,
): ReadonlyMap<string, number> {
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
