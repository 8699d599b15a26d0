import { Cancelled, Unavailable } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { onDevice, oneFrame, onEdge } from './one-frame.fixture.ts';

const hedged = {
  looksTwice: false,
  firsts: [onEdge],
  hedge: { own: 0.4, target: 0.7 },
} as const;
const gone = new Unavailable('gone');

describe('a frame that its target may answer too late', () => {
  it('is answered by the device at the same time, and the target is cancelled', async () => {
    const { clock, answer, asked, told, outcomes } = oneFrame({
      ...hedged,
      nodes: { 'edge-1': { ms: 90 }, 'device-1': { ms: 30 } },
    });
    expect(asked.map(({ nodeId, deadlineAt }) => [nodeId, deadlineAt])).toEqual([
      ['edge-1', 2_000],
      ['device-1', 2_000],
    ]);
    await clock.advanceAsync(30);
    expect(await answer).toMatchObject({
      placement: onDevice,
      reason: 'fallback',
      decision: { accuracy: 0.7 },
      responseMs: 30,
      hedge: { wonBy: 'device' },
      // Its own, and what was expected of the target.
      energyJ: expect.closeTo(0.03 + 0.7) as number,
      failedAttempts: [],
    });
    expect(asked[0]!.signal.aborted).toBe(true);
    expect(told).toEqual([
      { settle: 'edge-1', ok: false, now: 1_030 },
      expect.objectContaining({ settle: 'device-1', ok: true, responseMs: 30 }),
    ]);
    expect(outcomes).toMatchObject([{ placement: onDevice, reason: 'fallback', accuracy: 0.7 }]);
  });

  it('asks the same of every place, of the hedge and after a failure', async () => {
    const wishes = { leastAccuracy: 0.8, variant: 'large' };
    const { clock, answer, wished } = oneFrame({
      looksTwice: false,
      firsts: [onEdge],
      wishes,
      nodes: { 'edge-1': { ms: 10, fails: gone }, 'device-1': { ms: 30 } },
    });
    await clock.advanceAsync(40);
    await answer;
    expect(wished).toEqual([
      ['dispatch', wishes],
      ['hedge', wishes],
      ['dispatch', wishes],
      ['hedge', wishes],
    ]);
  });

  it('of tensors is sent to its target alone, and nobody looks at it again', async () => {
    const { clock, answer, asked, outcomes, told } = oneFrame({
      ...hedged,
      looksTwice: true,
      again: [onEdge],
      tensors: true,
      nodes: { 'edge-1': { ms: 90 } },
    });
    await clock.advanceAsync(90);
    expect(await answer).toMatchObject({
      placement: onEdge,
      classification: undefined,
      outputs: [{ name: 'edge-1' }],
      looks: [{ placement: onEdge }],
    });
    expect(asked.map(({ nodeId }) => nodeId)).toEqual(['edge-1']);
    expect(outcomes).toMatchObject([{ placement: onEdge, margin: 1, confidence: 1 }]);
    expect(told).toHaveLength(1);
  });

  it('is answered by the target where that comes first, and the device is cancelled', async () => {
    const { clock, answer, asked, told, outcomes, spans } = oneFrame({
      ...hedged,
      nodes: { 'edge-1': { ms: 20 }, 'device-1': { ms: 30 } },
    });
    await clock.advanceAsync(20);
    expect(await answer).toMatchObject({
      placement: onEdge,
      reason: 'planned',
      decision: { accuracy: 0.86 },
      hedge: { wonBy: 'target' },
      energyJ: expect.closeTo(0.02 + 0.4) as number,
    });
    expect(asked[1]!.signal.aborted).toBe(true);
    expect(told).toEqual([
      { settle: 'device-1', ok: false, now: 1_020 },
      expect.objectContaining({ settle: 'edge-1', ok: true }),
    ]);
    expect(outcomes).toHaveLength(1);
    expect(spans).toMatchObject([{ number: 1, ...onEdge, hedgeWonBy: 'target', to: 1_020 }]);
  });

  it('waits for the other where one fails by itself, and tells of that', async () => {
    const { clock, answer, told, outcomes } = oneFrame({
      ...hedged,
      nodes: { 'edge-1': { ms: 10, fails: gone }, 'device-1': { ms: 30 } },
    });
    await clock.advanceAsync(30);
    expect(await answer).toMatchObject({
      placement: onDevice,
      failedAttempts: ['edge-1: UNAVAILABLE'],
      failedOn: new Set(['edge-1']),
      hedge: { wonBy: 'device' },
      energyJ: expect.closeTo(0.03) as number,
    });
    expect(told).toMatchObject([
      { settle: 'edge-1', ok: false, fault: 'failed', now: 1_010 },
      { settle: 'device-1', ok: true },
    ]);
    expect(outcomes).toMatchObject([{ placement: onEdge, failure: 'UNAVAILABLE' }, { placement: onDevice }]);
  });

  it('fails where neither answers', async () => {
    const { clock, answer, told } = oneFrame({
      ...hedged,
      firsts: [onEdge],
      nodes: { 'edge-1': { ms: 10, fails: gone }, 'device-1': { ms: 30, fails: gone } },
      deadlineMs: 35,
    });
    await clock.advanceAsync(40);
    await expect(answer).rejects.toThrow(/tried device-1: UNAVAILABLE, edge-1: UNAVAILABLE/);
    expect(told.slice(0, 2)).toMatchObject([{ settle: 'device-1' }, { settle: 'edge-1' }]);
  });

  it('is given up by both when its caller leaves', async () => {
    const { clock, answer, told, outcomes, stop } = oneFrame({
      ...hedged,
      nodes: { 'edge-1': 'hangs', 'device-1': 'hangs' },
    });
    await clock.advanceAsync(20);
    stop.abort();
    await expect(answer).rejects.toBeInstanceOf(Cancelled);
    expect(told).toMatchObject([
      { settle: 'device-1', ok: false },
      { settle: 'edge-1', ok: false },
    ]);
    expect(outcomes).toEqual([]);
  });
});
