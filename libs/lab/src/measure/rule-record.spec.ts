import type { Answer } from '@weir/cell';
import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { type AnswerContext, RuleRecord } from './rule-record.ts';

/** `expectedAccuracy` against a floor of 0.8. */
const answer = (
  expectedAccuracy: number,
  { tier = common.Tier.DEVICE, responseMs = 100 }: { tier?: common.Tier; responseMs?: number } = {},
): Answer => ({
  correct: true,
  clientMs: responseMs,
  response: agent.InferResponse.fromPartial({
    responseMs,
    expectedAccuracy,
    hops: { agentMs: 2 },
    placement: { tier, nodeId: 'a', variant: 'large' },
  }),
});
const sent = (phase: AnswerContext['phase']): AnswerContext => ({
  phase,
  deviceId: 'a',
  atMs: 0,
  label: 'cat',
});
const [learning, warmup, measured] = [sent('learning'), sent('warmup'), sent('measured')];
const [above, below] = [answer(0.9), answer(0.7)];

describe('what a rule does under arrivals', () => {
  it('counts frames and those below the floor over the same frames, and each phase apart', () => {
    const record = new RuleRecord('planner', 0.8);
    const learned = record.begin();
    for (const each of [above, below, below]) learned(each, learning);
    const block = record.begin();
    for (const each of [below, below]) block(each, warmup);
    for (const each of [below, above, above, above, above]) block(each, measured);
    expect(record.result()).toMatchObject({
      rule: 'default',
      learning: { frames: 3, floorViolations: 1 },
      warmup: { frames: 2, floorViolations: 2 },
      // The balance goes on from the warm-up: −0.3, −0.2, −0.1, 0, +0.1.
      frames: 5,
      floorViolations: 3,
    });
  });

  it('begins each stretch with an empty balance', () => {
    const record = new RuleRecord('planner', 0.8);
    const first = record.begin();
    for (const each of [above, above]) first(each, measured);
    record.begin()(below, measured);
    expect(record.result().floorViolations).toBe(1);
  });

  it('has times of measured frames alone, their interval over blocks', () => {
    const record = new RuleRecord('static', 0.8);
    for (const ms of [100, 120]) {
      const block = record.begin();
      block(answer(0.9, { responseMs: 900 }), warmup);
      block(answer(0.9, { responseMs: ms }), measured);
    }
    const result = record.result();
    const { responseMs, meanMs } = result;
    expect(responseMs.mean).toBe(110);
    expect(meanMs.mean).toBe(110);
    expect(meanMs.low).toBeLessThan(100);
    expect(result.learning).toBeNull();
  });

  it('tells second looks at measured frames alone', () => {
    const record = new RuleRecord('planner', 0.8);
    const block = record.begin();
    const { response, ...rest } = above;
    const looks = ['dog', 'cat'].map((label) =>
      agent.Look.fromPartial({ classification: { label, margin: 0.1 } }),
    );
    const twice = { ...rest, response: { ...response, classification: looks[1]!.classification, looks } };
    block(twice, warmup);
    block(twice, measured);
    block(above, measured);
    expect(record.result().looks).toMatchObject({ share: 0.5, agreed: 0, firstRight: 0 });
  });

  it('adds up what the frames of its blocks cost, warm-up included', () => {
    const record = new RuleRecord('planner', 0.8);
    record.begin()(answer(0.9, { tier: common.Tier.EDGE }), learning);
    const block = record.begin();
    block(answer(0.9, { tier: common.Tier.EDGE }), warmup);
    block(above, measured);
    expect(record.inBlocks).toEqual({ answered: 2, remote: 1, agentMs: 4 });
  });
});
