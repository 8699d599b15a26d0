import { Internal } from '@weir/base';
import type { NamedTensorValue } from '@weir/domain';
import type { Classifier } from '../catalogue/manifest.ts';
import { type Prediction, toPrediction } from './probabilities.ts';

/** What a classifier's output says, and the output itself where it is asked for. @throws Internal for one that is not finite */
export function classified(
  { name, output: { name: outputName, kind }, calibration: { temperature } }: Classifier,
  {
    output,
    labels,
    wantOutputs,
  }: { readonly output: Float32Array; readonly labels: readonly string[]; readonly wantOutputs: boolean },
): Prediction & { readonly outputs?: readonly NamedTensorValue[] } {
  if (!output.every(Number.isFinite))
    throw new Internal(`${name} gave an output that is not finite`, { reason: 'OUTPUT_NOT_FINITE' });
  const prediction = toPrediction(output, { labels, kind, temperature });
  if (!wantOutputs) return prediction;
  const data = new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
  const raw = { name: outputName, dtype: 'float32' as const, shape: [1, output.length], data };
  return { ...prediction, outputs: [raw] };
}
