import { Internal } from '@weir/base';
import type { NamedTensorValue } from '@weir/domain';
import type { Classifier } from '../catalogue/manifest.ts';
import { classified } from './classifier-answer.ts';
import { toFloats } from './output-floats.ts';
import { typedArrays } from './typed-arrays.ts';

/**
 * What a classifier's output says that another runtime has computed for one picture, as `classified`. Throws Internal for a
 * tensor that is not one finite number for each label.
 */
export function classifiedElsewhere(
  classifier: Classifier,
  { name, dtype, shape, data }: NamedTensorValue,
  { labels, wantOutputs }: { readonly labels: readonly string[]; readonly wantOutputs: boolean },
): ReturnType<typeof classified> {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (dtype === 'string' || dtype === 'bool' || elements !== labels.length)
    throw new Internal(
      `${classifier.name} gave ${name} ${dtype}[${shape.join(', ')}] for ${labels.length} labels`,
      { reason: 'OUTPUT_SHAPE' },
    );
  // A copy: views of wider elements need their alignment.
  const own = new typedArrays[dtype](Uint8Array.from(data).buffer);
  const output = toFloats({ type: dtype, data: own as never }, classifier.output.quantisation);
  return classified(classifier, { output, labels, wantOutputs });
}
