import type { LookCurves } from '@weir/domain';

/** A quarter of the small model's frames, looked at again by the large one, gain most of what lies between them. */
export const toyLooks: LookCurves = {
  version: 'toy',
  pictures: 1_000,
  curves: [
    {
      first: 'small',
      second: 'large',
      steps: [
        { marginBelow: 0.2, share: 0.1, gain: 0.06, standardError: 0.002 },
        { marginBelow: 0.5, share: 0.25, gain: 0.11, standardError: 0.002 },
        { marginBelow: 0.8, share: 0.5, gain: 0.14, standardError: 0.002 },
      ],
    },
    {
      first: 'medium',
      second: 'large',
      steps: [{ marginBelow: 0.3, share: 0.1, gain: 0.03, standardError: 0.002 }],
    },
  ],
};
