import { describe, expect, it } from 'vitest';
import { faultsOf } from '../snapshot.ts';
import { innovation, weights } from './state-fields.ts';

const told = (schema: typeof weights | typeof innovation, value: unknown): string[] => {
  const { error } = schema.safeParse(value);
  return error ? faultsOf(error, '').map(({ field }) => field) : [];
};
const good = { mean: [1, 2], covariance: [1, 0.5, 0.5, 1] };

describe('fields of which a snapshot has very many', () => {
  it('are taken as they are', () => {
    expect(weights.parse(good)).toEqual(good);
    expect(innovation.parse([-1, 1, 'camera-1', 0.5])).toEqual([-1, 1, 'camera-1', 0.5]);
  });

  it.each<[value: unknown, fault: string]>([
    [{ ...good, mean: [1, 'x'] }, 'mean[1]'],
    [{ ...good, mean: [1, Number.NaN] }, 'mean[1]'],
    [{ ...good, mean: [1, 2e9] }, 'mean[1]'],
    [{ ...good, mean: new Array(1_001).fill(1) }, 'mean'],
    [{ ...good, covariance: [1, null, 0.5, 1] }, 'covariance[1]'],
    [{ ...good, covariance: [1, 0.5] }, 'covariance'],
    [{ mean: [1, 2] }, 'covariance'],
  ])('weights %j are refused at %s', (value, fault) => {
    expect(told(weights, value)).toEqual([fault]);
  });

  it.each<[value: unknown, fault: string]>([
    [[Infinity, 1, 'camera-1', 0.5], '[0]'],
    [[-1, 0, 'camera-1', 0.5], '[1]'],
    [[-1, 1, 7, 0.5], '[2]'],
    [[-1, 1, 'x'.repeat(1_001), 0.5], '[2]'],
    [[-1, 1, 'camera-1', 0], '[3]'],
    [[-1, 1, 'camera-1', 1.5], '[3]'],
    [[-1, 1, 'camera-1'], ''],
    [[-1, 1, 'camera-1', 0.5, 0], ''],
    ['no', ''],
  ])('innovation %j is refused at %s', (value, fault) => {
    expect(told(innovation, value)).toEqual([fault]);
  });
});
