import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { answerToWire } from './answer-to-wire.ts';
import { oneFrame, onEdge } from './one-frame.fixture.ts';

const about = { requestId: 'f', balance: 2, trace: undefined };
const { DEVICE, EDGE, UNSPECIFIED } = common.Tier;
const unsure = { ms: 20, margin: 0.1, classIndex: 3 };

describe('answerToWire', () => {
  it('tells the last answer, why the first look went where it did, and each look', async () => {
    const { clock, answer } = oneFrame({
      again: [onEdge],
      nodes: { 'device-1': unsure, 'edge-1': { ms: 60, margin: 0.9, classIndex: 5 } },
    });
    await clock.advanceAsync(80);
    expect(answerToWire(await answer, about)).toMatchObject({
      requestId: 'f',
      classification: { classIndex: 5 },
      placement: { tier: EDGE },
      responseMs: 80,
      decision: {
        reason: agent.Reason.PLANNED,
        directiveVersion: 7n,
        predictedMs: 80,
        balance: 2,
        concurrency: 2,
        lookAgainBelow: 0.3,
        secondVariant: 'large',
        savedMs: 4,
      },
      expectedAccuracy: 0.86,
      looks: [
        { placement: { tier: DEVICE, variant: 'small' }, classification: { classIndex: 3 }, failure: '' },
        { placement: { tier: EDGE, variant: 'large' }, classification: { classIndex: 5 }, failure: '' },
      ],
    });
  });

  it('names the variant of a second look that had no place', async () => {
    const { clock, answer } = oneFrame({ nodes: { 'device-1': unsure } });
    await clock.advanceAsync(20);
    const { looks, placement } = answerToWire(await answer, about);
    expect(placement?.tier).toBe(DEVICE);
    expect(looks[1]).toMatchObject({
      placement: { tier: UNSPECIFIED, nodeId: '', variant: 'large' },
      classification: undefined,
      failure: 'DEADLINE_EXCEEDED',
    });
  });

  it('says so where no second look was meant', async () => {
    const { clock, answer } = oneFrame({ looksTwice: false, nodes: { 'device-1': unsure } });
    await clock.advanceAsync(20);
    const { looks, decision } = answerToWire(await answer, about);
    expect(looks).toHaveLength(1);
    expect(decision).toMatchObject({ lookAgainBelow: 0, secondVariant: '' });
  });
});
