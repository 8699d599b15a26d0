import { describe, expect, it } from 'vitest';
import { type Knowledge, knownActions } from './knowledge.ts';

const knowledge: Knowledge = {
  deviceId: 'd1',
  local: [{ variant: 'small', serviceMs: 30, energyJ: 0.1 }],
  targets: [
    {
      nodeId: 'edge-1',
      tier: 'edge',
      services: [
        { variant: 'small', serviceMs: 5, energyJ: 0.2 },
        { variant: 'foreign', serviceMs: 1, energyJ: 0 },
      ],
      roundTripMs: 20,
      uplinkBitsPerSecond: 0,
    },
  ],
  accuracies: new Map([['small', 0.7]]),
  frameBytes: 12_500,
};

describe('knownActions', () => {
  it('knows the device’s own variants and those of its targets', () => {
    expect(knownActions(knowledge)).toEqual([
      {
        placement: { tier: 'device', nodeId: 'd1', variant: 'small' },
        accuracy: 0.7,
        serviceMs: 30,
        networkMs: 0,
        energyJ: 0.1,
      },
      {
        placement: { tier: 'edge', nodeId: 'edge-1', variant: 'small' },
        accuracy: 0.7,
        serviceMs: 5,
        networkMs: 20,
        energyJ: 0.2,
      },
    ]);
  });

  it('adds the time that a frame takes at the link’s rate', () => {
    const [target] = knowledge.targets;
    const slow = { ...knowledge, targets: [{ ...target!, uplinkBitsPerSecond: 1_000_000 }] };
    expect(knownActions(slow)[1]?.networkMs).toBe(120);
  });

  it('leaves out variants of unknown accuracy', () => {
    expect(knownActions(knowledge).map(({ placement }) => placement.variant)).not.toContain('foreign');
  });
});
