import { describe, expect, it } from 'vitest';
import { paperFamily } from '../family.ts';
import { runLearning } from './learning-run.ts';
import { tunedHiLcb } from './tuned-hi-lcb.ts';

const looks = {
  version: 'v',
  pictures: 1_000,
  curves: [
    {
      first: paperFamily[6]!.name,
      second: paperFamily[0]!.name,
      steps: [
        { marginBelow: 0.3, share: 0.1, gain: 0.04, standardError: 0.001 },
        { marginBelow: 0.6, share: 0.3, gain: 0.06, standardError: 0.001 },
      ],
    },
  ],
};
const given = {
  cell: { users: 2, floor: 0.885, looks },
  seeds: [1, 2],
  interactions: 400,
};

describe('HI-LCB tuned in hindsight', () => {
  it('just holds the floor: a lower price of a wrong answer is quicker, and below it', () => {
    const { options, accuracy, meanMs } = tunedHiLcb(given)!;
    expect(accuracy).toBeGreaterThanOrEqual(0.885 - 1e-9);
    const cheaper = runLearning({
      learner: 'hi-lcb',
      learnerOptions: { ...options, priceMs: 0.7 * options.priceMs },
      cell: given.cell,
      interactions: 400,
      seed: 1,
    });
    expect(cheaper.accuracy).toBeLessThan(0.885);
    expect(cheaper.responseMs).toBeLessThan(meanMs);
  });

  it('is none where no second look reaches the floor', () => {
    expect(tunedHiLcb({ ...given, cell: { ...given.cell, floor: 0.899 } })).toBeUndefined();
  });
});
