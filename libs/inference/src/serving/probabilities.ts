/** A classifier's answer for one picture. */
export interface Prediction {
  readonly classIndex: number;
  readonly label: string;
  /** Calibrated probability of the label. */
  readonly confidence: number;
  /** Probability of the first label minus that of the second: small where the model hesitates. */
  readonly margin: number;
  /** One for each label, in the family's order. */
  readonly probabilities: Float32Array;
}

/** Of a model that is no classifier: as sure as any, so that nobody looks again. */
export const noPrediction: Prediction = {
  classIndex: 0,
  label: '',
  confidence: 1,
  margin: 1,
  probabilities: new Float32Array(),
};

/**
 * Reads a model's output: Float32Array [classes].
 * `temperature` divides logits before the softmax (Guo et al. 2017); probabilities are taken as they are.
 */
export function toPrediction(
  output: Float32Array,
  {
    labels,
    kind,
    temperature,
  }: { labels: readonly string[]; kind: 'logits' | 'probabilities'; temperature: number },
): Prediction {
  const probabilities = kind === 'logits' ? softmax(output, temperature) : output;
  let first = 0;
  let second = -1;
  for (let i = 1; i < probabilities.length; i++) {
    if (probabilities[i]! > probabilities[first]!) [first, second] = [i, first];
    else if (second < 0 || probabilities[i]! > probabilities[second]!) second = i;
  }
  // A model's own probabilities may be a little beyond 1, e.g. rounded by quantisation.
  const confidence = Math.min(1, probabilities[first]!);
  return {
    classIndex: first,
    label: labels[first] ?? String(first),
    confidence,
    margin: Math.max(0, confidence - (probabilities[second] ?? 0)),
    probabilities,
  };
}

function softmax(logits: Float32Array, temperature: number): Float32Array {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logits.map((logit) => Math.exp((logit - highest) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}
