import type { VariantEntry } from '../catalogue/manifest.ts';
import { zeroTensors } from './inference-input.ts';
import type { ClassifierModel, TensorsModel } from './session-protocol.ts';

/** What a session thread needs of a variant, before it is known which batches pay. */
export type UnsizedModel = Omit<ClassifierModel, 'batchSizes'> | Omit<TensorsModel, 'batchSizes'>;

export const modelOf = (variant: VariantEntry): UnsizedModel => {
  const { name, path } = variant;
  if (variant.task === 'tensor')
    return { name, path, outputs: variant.outputs, example: zeroTensors(variant) };
  const { input, output } = variant;
  return {
    name,
    path,
    input,
    outputName: output.name,
    quantisation: output.quantisation,
    dynamicBatch: input.dynamicBatch,
  };
};
