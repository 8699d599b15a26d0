import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { Tally } from './tally.ts';

const answer = (responseMs: number, correct: boolean, tier: common.Tier = common.Tier.EDGE) => ({
  correct,
  clientMs: responseMs + 1,
  response: agent.InferResponse.fromPartial({
    responseMs,
    expectedAccuracy: 0.8,
    energyJ: 0.5,
    placement: { tier, variant: 'small' },
    decision: { reason: agent.Reason.PLANNED },
    hops: { computeMs: responseMs - 2, uplinkMs: 2 },
  }),
});

describe('Tally', () => {
  it('adds up answers and failures', () => {
    const tally = new Tally();
    tally.answered(answer(10, true));
    tally.answered(answer(20, false));
    tally.answered(answer(30, true, common.Tier.CLOUD));
    tally.failed('too late');
    expect(tally.totals()).toMatchObject({
      requests: 4,
      succeeded: 3,
      failed: 1,
      accuracy: { top1: 2 / 3, expected: expect.closeTo(0.8) as number },
      responseMs: { mean: 20, p50: 20, p95: 29, p99: 29.8 },
      clientMs: { mean: 21 },
      hopsMs: { agentMs: 0, computeMs: 18, uplinkMs: 2 },
      placements: [
        { tier: 'edge', variant: 'small', share: 2 / 3 },
        { tier: 'cloud', variant: 'small', share: 1 / 3 },
      ],
      reasons: { planned: 3 },
      failures: { 'too late': 1 },
      energyJ: 1.5,
    });
  });

  it('counts as right only what somebody can judge', () => {
    const tally = new Tally();
    const unjudged = { ...answer(10, true), correct: undefined };
    tally.answered(unjudged);
    expect(tally.totals().accuracy).toEqual({ top1: null, expected: 0.8 });
    tally.answered(answer(10, true));
    tally.answered(answer(10, false));
    expect(tally.totals().accuracy.top1).toBe(0.5);
  });

  it('tells first and second looks apart, and whether they agreed', () => {
    const tally = new Tally();
    const look = (tier: common.Tier, variant: string, classIndex?: number) =>
      agent.Look.fromPartial({
        placement: { tier, variant },
        ...(classIndex === undefined ? { failure: 'UNAVAILABLE' } : { classification: { classIndex } }),
      });
    const { DEVICE, EDGE, CLOUD, UNSPECIFIED } = common.Tier;
    const first = look(DEVICE, 'small', 1);
    for (const again of [
      [],
      [look(EDGE, 'large', 1)],
      [look(EDGE, 'large', 2)],
      [look(EDGE, 'large'), look(CLOUD, 'large', 1)],
      [look(EDGE, 'large')],
      [look(UNSPECIFIED, 'large')],
    ]) {
      const { response, ...rest } = answer(10, true);
      const decision = agent.Decision.fromPartial({ savedMs: again.length > 0 ? 12 : 0 });
      tally.answered({ ...rest, response: { ...response, decision, looks: [first, ...again] } });
    }
    expect(tally.totals().looks).toEqual({
      first: [{ tier: 'device', variant: 'small', share: 1 }],
      second: [
        { tier: 'edge', variant: 'large', share: 2 / 3 },
        { tier: 'cloud', variant: 'large', share: 1 / 3 },
      ],
      escalationShare: 0.5,
      agreed: 2 / 3,
      failed: 2,
      savedMs: 10,
    });
  });

  it('claims nothing when nothing was answered', () => {
    expect(new Tally().totals()).toMatchObject({
      requests: 0,
      accuracy: { top1: null, expected: null },
      responseMs: { mean: null, p95: null },
      hopsMs: { computeMs: null },
      placements: [],
      looks: { first: [], second: [], escalationShare: null, agreed: null, failed: 0, savedMs: null },
    });
  });

  it('bounds the failures that it tells apart', () => {
    const tally = new Tally();
    for (let index = 0; index < 500; index++) tally.failed(`request ${index}`);
    const { failures } = tally.totals();
    expect(Object.keys(failures)).toHaveLength(101);
    expect(failures.other).toBe(400);
  });
});
