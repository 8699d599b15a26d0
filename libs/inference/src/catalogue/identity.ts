import type { FamilyIdentity, TensorSpec } from '@weir/domain';
import { createHash } from 'node:crypto';
import type { Family, VariantEntry } from './manifest.ts';
import { canariesOf } from './stages.ts';

/** A family as others can compare it with theirs. */
export interface IdentifiedFamily extends FamilyIdentity {
  readonly labels: readonly string[];
  /** Of each variant by its name, hexadecimal SHA-256. */
  readonly checksums: ReadonlyMap<string, string>;
}

/**
 * Two variants have one checksum when they answer every picture alike: by the same model file, preprocessing, output and
 * labels, all as the manifest has them. The version follows from the variants, so that nobody has to count it up.
 */
export function identityOf({
  name,
  labels,
  variants,
}: Pick<Family, 'name' | 'labels' | 'variants'>): IdentifiedFamily {
  const checksums = new Map(variants.map((variant) => [variant.name, checksumOf(variant, labels)]));
  const sorted = [...checksums].sort(([a], [b]) => (a < b ? -1 : 1));
  const canaries = canariesOf(variants).map(({ variant, of }) => [variant, of]);
  // Only where there are any: of all other families the version stays as it was.
  const version = sha256(canaries.length > 0 ? [sorted, canaries] : sorted).slice(0, 16);
  return { name, version, labels, checksums };
}

/** The fields by name, not the objects: the order of a manifest's keys means nothing. */
function checksumOf(variant: VariantEntry, labels: readonly string[]): string {
  const { sha256: file } = variant;
  if (variant.task === 'tensor')
    return sha256([file, variant.inputs.map(nameAndType), variant.outputs.map(nameAndType), labels]);
  const { input, output, calibration } = variant;
  const { layout, shape, dtype, colourOrder, mean, std } = input;
  const preprocessing = [layout, shape, dtype, colourOrder, mean, std];
  const { scale, zeroPoint } = output.quantisation ?? {};
  // Only where there is one: of all others the checksum stays as it was.
  const kind = output.quantisation ? [output.kind, scale, zeroPoint] : [output.kind];
  return sha256([file, preprocessing, output.name, ...kind, calibration.temperature, labels]);
}

const nameAndType = ({ name, dtype, shape }: TensorSpec) => [name, dtype, shape];

const sha256 = (parts: unknown): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
