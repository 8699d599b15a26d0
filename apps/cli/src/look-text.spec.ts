import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { againText, describeLook } from './look-text.ts';

type Given = { classification?: Partial<common.Classification>; failure?: string };
const look = (placement: Partial<common.Placement>, given: Given) =>
  describeLook(agent.Look.fromPartial({ placement, hops: { computeMs: 5 }, ...given }));
const onEdge = { tier: common.Tier.EDGE, nodeId: 'edge-1', variant: 'large' };
const unsure = { margin: 0.081, lookAgainBelow: 0.21 };

describe('a second look, for people', () => {
  it('tells why it was, where, and what it said', () => {
    const again = look(onEdge, { classification: { label: 'boot', confidence: 0.9, margin: 0.8 } });
    expect(againText(again, unsure)).toBe(
      'unsure (its best guess leads by 8.1 %, less than 21.0 %): looked again on edge-1 (edge) with large, which says boot',
    );
    expect(again).toMatchObject({ label: 'boot', margin: 0.8, hopsMs: { computeMs: 5 } });
    expect(again).not.toHaveProperty('failure');
  });

  it('tells why there was none', () => {
    const failed = look(onEdge, { failure: 'UNAVAILABLE' });
    expect(againText(failed, unsure)).toMatch(/looked again on edge-1 .* which failed: UNAVAILABLE$/);
    expect(failed).not.toHaveProperty('label');
    const nowhere = look({ variant: 'large' }, { failure: 'DEADLINE_EXCEEDED' });
    expect(againText(nowhere, unsure)).toMatch(/: no time or place to look again with large$/);
  });
});
