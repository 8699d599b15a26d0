import type { TensorSpec } from '@weir/domain';
import type { Family, VariantEntry } from './manifest.ts';

/** What a variant takes and gives, by name. */
export interface ModelInterface {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

export function interfaceOf(variant: VariantEntry, { labels }: Pick<Family, 'labels'>): ModelInterface {
  if (variant.task === 'tensor') return variant;
  const { input, output } = variant;
  const { name, dtype, shape, dynamicBatch } = input;
  const batch = dynamicBatch ? -1 : 1;
  return {
    inputs: [{ name, dtype, shape: [batch, ...shape.slice(1)] }],
    outputs: [{ name: output.name, dtype: 'float32', shape: [batch, labels.length] }],
  };
}
