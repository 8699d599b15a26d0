import { describe, expect, it } from 'vitest';
import { epsilonAt, stepSize } from './schedules.ts';

describe('epsilon', () => {
  const schedule = { epsilonStart: 0.9, epsilonEnd: 0.1, epsilonEpochs: 100 };

  it('falls linearly from its start to its end, and stays there', () => {
    const values = [0, 25, 50, 100, 101, 1e6].map((plans) => epsilonAt(schedule, plans));
    [0.9, 0.7, 0.5, 0.1, 0.1, 0.1].forEach((each, at) => expect(values[at]).toBeCloseTo(each, 12));
  });

  it('is at its end at once where it has no epochs to fall', () => {
    expect(epsilonAt({ ...schedule, epsilonEpochs: 0 }, 0)).toBeCloseTo(0.1, 12);
  });
});

describe('step size', () => {
  it('is half after the halving, a third after two of them', () => {
    const sizes = [0, 300, 600].map((epochs) =>
      stepSize({ learningRate: 0.006, learningRateHalving: 300 }, epochs),
    );
    [0.006, 0.003, 0.002].forEach((each, at) => expect(sizes[at]).toBeCloseTo(each, 12));
  });

  it('stays where nothing halves it', () => {
    expect(stepSize({ learningRate: 0.006, learningRateHalving: 0 }, 1e6)).toBe(0.006);
  });
});
