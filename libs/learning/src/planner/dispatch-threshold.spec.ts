import { describe, expect, it } from 'vitest';
import { type ActionCost, defaultObjective, type Variant } from '@weir/domain';
import { dispatchThresholdMs } from './dispatch-threshold.ts';

const best: Variant = { name: 'best', macs: 569e6, precision: 'fp32', accuracy: 0.9 };
const small: Variant = { name: 'small', macs: 41e6, precision: 'int8', accuracy: 0.7 };

const action = (
  tier: 'device' | 'edge',
  { name, accuracy }: Variant,
  serviceMs: number,
  networkMs = 0,
): ActionCost => ({
  placement: { tier, nodeId: `${tier}-1`, variant: name },
  accuracy,
  serviceMs,
  networkMs,
  energyJ: 0,
});
const localBest = action('device', best, 400);
const edgeBest = action('edge', best, 100, 20);
const actions = [localBest, action('device', small, 50), edgeBest];

const threshold = (more: {
  framesPerSecond: number;
  arrivalVariability?: number;
  planned?: typeof edgeBest;
  again?: { readonly look: typeof edgeBest; readonly share: number };
}) => {
  const { planned = edgeBest, again, ...arrivals } = more;
  const names = [best.name, small.name];
  return dispatchThresholdMs({
    observation: {
      at: 0,
      cell: {
        id: 'cell',
        devices: [{ id: 'device-1', local: { id: 'device-1', tier: 'device', slots: 1, variants: names } }],
        nodes: [{ id: 'edge-1', tier: 'edge', slots: 2, variants: names }],
        variants: [best, small],
        objective: defaultObjective,
      },
      devices: [{ deviceId: 'device-1', links: [], calibration: new Map(), balance: 0, ...arrivals }],
      loads: [],
    },
    placements: new Map([['device-1', planned.placement]]),
    actions: new Map([['device-1', actions]]),
    ...(again && { looks: new Map([['device-1', { ...again.look, share: again.share }]]) }),
  });
};

describe('dispatch threshold', () => {
  it('is an eighth of the mean response, a quarter where frames come as by a clock', () => {
    expect(threshold({ framesPerSecond: 1 })).toBeCloseTo(120 / 8);
    expect(threshold({ framesPerSecond: 1, arrivalVariability: 0 })).toBeCloseTo(120 / 4);
  });

  it('counts second looks by their share of the frames', () => {
    const planned = action('device', small, 50);
    const again = (share: number) => ({ look: edgeBest, share });
    expect(threshold({ framesPerSecond: 1, planned, again: again(0.25) })).toBeCloseTo((50 + 30) / 8);
    expect(threshold({ framesPerSecond: 18, planned })).toBeGreaterThan(0);
    // A quarter of 18 frames at 400 ms are too many for one slot beside 18 at 50 ms.
    const local = { look: localBest, share: 0.25 };
    expect(threshold({ framesPerSecond: 18, planned, again: local })).toBe(0);
  });

  it('is 0 when the plan overloads a node or a device', () => {
    expect(threshold({ framesPerSecond: 19.5 })).toBe(0);
    expect(threshold({ framesPerSecond: 2, planned: localBest })).toBeGreaterThan(0);
    expect(threshold({ framesPerSecond: 2.5, planned: localBest })).toBe(0);
  });
});
