import { describe, expect, it } from 'vitest';
import type { Outcome, Placement } from '@weir/domain';
import { epochOutcomes } from './epoch-outcomes.ts';

const edge: Placement = { tier: 'edge', nodeId: 'edge-1', variant: 'large' };
const outcome = (deviceId: string, queueMs: number, more: Partial<Outcome> = {}): Outcome => ({
  deviceId,
  placement: edge,
  planVersion: 1,
  reason: 'planned',
  at: 0,
  hops: { agentMs: 1, uplinkMs: 5, queueMs, decodeMs: 2, computeMs: 100, downlinkMs: 4 },
  responseMs: 112 + queueMs,
  predictedMs: 0,
  energyJ: 0,
  accuracy: 0.9,
  margin: 0,
  concurrency: 0,
  propensity: 1,
  ...more,
});

describe('epochOutcomes', () => {
  it("charges each frame with the mean wait of its node's frames, and counts the others as its concurrency", () => {
    const learned = epochOutcomes([outcome('a', 0), outcome('b', 100), outcome('c', 200)]);
    expect(learned.map(({ hops }) => hops.queueMs)).toEqual([100, 100, 100]);
    expect(learned.map(({ responseMs }) => responseMs)).toEqual([212, 212, 212]);
    expect(learned.map(({ concurrency }) => concurrency)).toEqual([2, 2, 2]);
  });

  it('leaves second looks as they are: they met whomever they say, not the first looks', () => {
    const firstLook = {
      placement: { tier: 'device', nodeId: 'c', variant: 'small' },
      margin: 0.1,
      agreed: true,
    } as const;
    const second = outcome('c', 40, { reason: 'unsure', firstLook, concurrency: 1 });
    const [a, b, c] = epochOutcomes([outcome('a', 0), outcome('b', 100), second]);
    expect([a, b].map((each) => each!.hops.queueMs)).toEqual([50, 50]);
    expect([a, b].map((each) => each!.concurrency)).toEqual([1, 1]);
    expect(c).toEqual(second);
  });

  it('keeps nodes apart, and leaves devices and failures as they are', () => {
    const own = outcome('d', 7, { placement: { tier: 'device', nodeId: 'd', variant: 'small' } });
    const failed = outcome('e', 0, { failure: 'UNAVAILABLE' });
    const cloud = outcome('c', 300, { placement: { ...edge, tier: 'cloud', nodeId: 'cloud-1' } });
    expect(epochOutcomes([own, failed, cloud])).toEqual([own, failed, cloud]);
  });
});
