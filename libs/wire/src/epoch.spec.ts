import type { Placement } from '@weir/domain';
import { policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { epochToWire } from './epoch.ts';
import { placementToWire } from './placement.ts';

const local: Placement = { tier: 'device', nodeId: 'a', variant: 'small' };
const edge: Placement = { tier: 'edge', nodeId: 'edge-1', variant: 'large' };
const secondLook = { placement: edge, marginBelow: 0.3, curves: 'v1' };

describe('epochToWire', () => {
  it('says of each device where it runs and where it looks again, as planned and as best known', () => {
    const wire = epochToWire(
      {
        version: 3,
        learner: 'planner',
        plan: { explored: false, propensity: 1 },
        bestKnown: new Map([
          ['a', local],
          ['b', edge],
        ]),
        bestSecondLooks: new Map([['a', secondLook]]),
        outcomes: 3,
        missing: [],
        planningMs: 1,
      },
      [{ deviceId: 'a', planned: local, secondLook, predictedMs: 40, connected: true, balance: 0 }],
    );
    const { bestKnown, devices } = policy.RunEpochsResponse.decode(
      policy.RunEpochsResponse.encode(wire).finish(),
    );
    const again = { ...secondLook, placement: placementToWire(edge) };
    expect(bestKnown).toEqual([
      { deviceId: 'a', placement: placementToWire(local), secondLook: again },
      { deviceId: 'b', placement: placementToWire(edge), secondLook: undefined },
    ]);
    expect(devices).toMatchObject([{ deviceId: 'a', planned: placementToWire(local), secondLook: again }]);
  });
});
