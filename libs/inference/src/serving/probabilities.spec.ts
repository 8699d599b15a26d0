import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toPrediction } from './probabilities.ts';

const labels = ['coat', 'dress', 'bag'];

describe('toPrediction', () => {
  it('takes the likeliest class and its lead over the next', () => {
    const { label, confidence, margin } = toPrediction(Float32Array.of(0.2, 0.1, 0.7), {
      labels,
      kind: 'probabilities',
      temperature: 1,
    });
    expect(label).toBe('bag');
    expect(confidence).toBeCloseTo(0.7, 6);
    expect(margin).toBeCloseTo(0.5, 6);
  });

  it('lets a higher temperature lower the confidence', () => {
    const at = (temperature: number) =>
      toPrediction(Float32Array.of(2, 0, 0), { labels, kind: 'logits', temperature }).confidence;
    expect(at(1)).toBeCloseTo(Math.exp(2) / (Math.exp(2) + 2), 6);
    expect(at(2)).toBeCloseTo(Math.exp(1) / (Math.exp(1) + 2), 6);
  });

  it('agrees with sorting, whatever the logits', () => {
    const logit = fc.integer({ min: -60, max: 60 });
    const logits = fc.array(logit, { minLength: 2, maxLength: 8 }).map((values) => Float32Array.from(values));
    fc.assert(
      fc.property(logits, (output) => {
        const { probabilities, confidence, margin, classIndex } = toPrediction(output, {
          labels,
          kind: 'logits',
          temperature: 1.3,
        });
        const sorted = [...probabilities].sort((a, b) => b - a);
        expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
        expect(confidence).toBe(sorted[0]);
        expect(margin).toBe(sorted[0]! - sorted[1]!);
        expect(output[classIndex]).toBe(Math.max(...output));
      }),
    );
  });
});
