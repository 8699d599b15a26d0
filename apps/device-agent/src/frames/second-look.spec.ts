import { Cancelled, InvalidInput, Unavailable } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { onCloud, onDevice, oneFrame, onEdge } from './one-frame.fixture.ts';

const sumOf = (hops: object) => Object.values<number>({ ...hops }).reduce((sum, ms) => sum + ms, 0);
const failing = new Unavailable('gone');

describe('a frame whose first look is sure enough', () => {
  it('is answered by it, settled and recorded once', async () => {
    const { clock, answer, told, outcomes } = oneFrame({ nodes: { 'device-1': { ms: 20, margin: 0.3 } } });
    await clock.advanceAsync(20);
    expect(await answer).toMatchObject({
      placement: onDevice,
      looks: [{ variant: 'small', placement: onDevice, classification: { margin: 0.3 } }],
      responseMs: 20,
      predictedMs: 30,
    });
    expect(told).toEqual([expect.objectContaining({ settle: 'device-1', ok: true, now: 1_020 })]);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ lookedAgain: false });
  });

  it('tells below which margin another look would have been due, and nothing where none was meant', async () => {
    const nodes = { 'device-1': { ms: 20, margin: 0.8 } };
    const due = oneFrame({ nodes });
    await due.clock.advanceAsync(20);
    expect(due.outcomes).toMatchObject([{ lookAgainBelow: 0.3 }]);
    const never = oneFrame({ nodes, looksTwice: false });
    await never.clock.advanceAsync(20);
    expect(never.outcomes[0]!.lookAgainBelow).toBeUndefined();
  });

  it('is one without a second look where none was meant, however unsure', async () => {
    const { clock, answer, told } = oneFrame({
      looksTwice: false,
      nodes: { 'device-1': { ms: 20, margin: 0 } },
    });
    await clock.advanceAsync(20);
    expect((await answer).looks).toHaveLength(1);
    expect(told).toMatchObject([{ settle: 'device-1' }]);
  });
});

describe('a frame whose first look is unsure', () => {
  const unsure = { 'device-1': { ms: 20, margin: 0.1, classIndex: 3 } } as const;

  it('is answered by the second, and tells both', async () => {
    const { clock, answer, asked } = oneFrame({
      again: [onEdge],
      nodes: { ...unsure, 'edge-1': { ms: 60, margin: 0.9, classIndex: 5 } },
    });
    await clock.advanceAsync(20);
    await clock.advanceAsync(60);
    const { hops, responseMs, looks, ...frame } = await answer;
    expect(frame).toMatchObject({
      classification: { label: 'class 5' },
      placement: onEdge,
      // Of the first: why it went where it did, and what was promised.
      decision: { placement: onDevice, accuracy: 0.86 },
      reason: 'planned',
      concurrency: 2,
      predictedMs: 80,
      energyJ: expect.closeTo(0.08) as number,
    });
    expect(looks).toMatchObject([
      { placement: onDevice, classification: { label: 'class 3' } },
      { placement: onEdge, classification: { label: 'class 5' } },
    ]);
    expect(responseMs).toBe(80);
    expect(sumOf(hops)).toBeCloseTo(80);
    expect(looks.map((look) => sumOf(look.hops))).toEqual([20, 60]);
    expect(hops).toMatchObject({ uplinkMs: 5, queueMs: 2, decodeMs: 4, computeMs: 69 });
    expect(asked.map(({ nodeId, variant }) => [nodeId, variant])).toEqual([
      ['device-1', 'small'],
      ['edge-1', 'large'],
    ]);
  });

  it('settles the first look as it asks for the second, and then that', async () => {
    const { clock, answer, told } = oneFrame({ again: [onEdge], nodes: { ...unsure, 'edge-1': { ms: 60 } } });
    await clock.advanceAsync(80);
    await answer;
    expect(told).toEqual([
      {
        lookAgain: 'device-1',
        ok: true,
        responseMs: 20,
        queueMs: 1,
        serviceMs: 19,
        batchSize: 1,
        now: 1_020,
        leftMs: 970,
        exclude: [],
      },
      expect.objectContaining({ settle: 'edge-1', ok: true, responseMs: 60, now: 1_080 }),
    ]);
  });

  it('is recorded look by look: what each cost by itself, the same promise, and whether they agreed', async () => {
    const { clock, outcomes } = oneFrame({
      again: [onEdge],
      nodes: { ...unsure, 'edge-1': { ms: 60, margin: 0.9, classIndex: 3 } },
    });
    await clock.advanceAsync(20);
    // The answer of the first is not the last: nothing is told before that is known.
    expect(outcomes).toEqual([]);
    await clock.advanceAsync(60);
    expect(outcomes).toMatchObject([
      {
        placement: onDevice,
        reason: 'planned',
        lookedAgain: true,
        at: 1_020,
        responseMs: 20,
        predictedMs: 30,
        accuracy: 0.86,
        margin: 0.1,
        lookAgainBelow: 0.3,
        propensity: 1,
        confidence: 0.5,
      },
      {
        placement: onEdge,
        reason: 'unsure',
        firstLook: { placement: onDevice, margin: 0.1, agreed: true },
        at: 1_080,
        responseMs: 60,
        predictedMs: 50,
        accuracy: 0.86,
        margin: 0.9,
        propensity: 0.5,
        planVersion: 7,
      },
    ]);
    expect(outcomes[1]).toMatchObject({ lookedAgain: false });
    expect(outcomes[1]).not.toHaveProperty('lookAgainBelow');
    for (const { hops, responseMs } of outcomes) expect(sumOf(hops)).toBeCloseTo(responseMs);
  });

  it('is looked at elsewhere when the second look fails', async () => {
    const { clock, answer, told, outcomes } = oneFrame({
      again: [onEdge, onCloud],
      nodes: { ...unsure, 'edge-1': { ms: 10, fails: failing }, 'cloud-1': { ms: 50, classIndex: 9 } },
    });
    await clock.advanceAsync(30);
    await clock.advanceAsync(50);
    const { looks, hops, responseMs, placement, failedAttempts, failedOn } = await answer;
    expect(placement).toEqual(onCloud);
    expect(looks.map(({ placement: at, failure }) => [at?.nodeId, failure])).toEqual([
      ['device-1', undefined],
      ['edge-1', 'UNAVAILABLE'],
      ['cloud-1', undefined],
    ]);
    expect(failedAttempts).toEqual([]);
    expect([responseMs, sumOf(hops)]).toEqual([80, expect.closeTo(80)]);
    // The time of what failed is the agent's.
    expect(failedOn).toEqual(new Set(['edge-1']));
    expect(looks[1]!.hops).toMatchObject({ agentMs: 10, uplinkMs: 0, computeMs: 0 });
    expect(told[1]).toEqual({
      lookAgain: 'edge-1',
      ok: false,
      fault: 'failed',
      now: 1_030,
      leftMs: 960,
      exclude: ['edge-1'],
    });
    expect(
      outcomes.map(({ lookedAgain, firstLook, failure }) => [lookedAgain, firstLook?.agreed, failure]),
    ).toEqual([
      [true, undefined, undefined],
      [true, false, 'UNAVAILABLE'],
      [false, false, undefined],
    ]);
  });

  it('is answered by the first when no second look succeeds, and says so', async () => {
    const { clock, answer, told, outcomes } = oneFrame({
      again: [onEdge],
      nodes: { ...unsure, 'edge-1': { ms: 10, fails: failing } },
    });
    await clock.advanceAsync(30);
    expect(await answer).toMatchObject({
      classification: { label: 'class 3' },
      placement: onDevice,
      concurrency: 0,
      looks: [{ placement: onDevice }, { placement: onEdge, failure: 'UNAVAILABLE' }],
      hops: { agentMs: 10 },
      responseMs: 30,
      predictedMs: 30,
      energyJ: 0.02,
    });
    expect(told).toHaveLength(2);
    // A frame counts by its last look, and by no other, failed or not.
    expect(
      outcomes.map(({ lookedAgain, firstLook, failure }) => [lookedAgain, firstLook?.agreed, failure]),
    ).toEqual([
      [true, undefined, undefined],
      [false, false, 'UNAVAILABLE'],
    ]);
  });

  it('is answered by the first, and says so, where there is no place for a second', async () => {
    const { clock, answer, outcomes } = oneFrame({ nodes: unsure });
    await clock.advanceAsync(20);
    const { looks, hops, responseMs } = await answer;
    expect(looks[1]).toMatchObject({
      variant: 'large',
      placement: undefined,
      hops: { agentMs: 0, computeMs: 0 },
      failure: 'DEADLINE_EXCEEDED',
    });
    expect([responseMs, sumOf(hops)]).toEqual([20, expect.closeTo(20)]);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ lookedAgain: false });
  });

  it('begins no second look that would leave no time for the first answer', async () => {
    const { clock, answer, told } = oneFrame({ again: [onEdge], nodes: unsure, deadlineMs: 30 });
    await clock.advanceAsync(20);
    expect((await answer).looks[1]).toMatchObject({ failure: 'DEADLINE_EXCEEDED', placement: undefined });
    expect(told).toMatchObject([{ lookAgain: 'device-1', leftMs: 0 }]);
  });

  it('is answered by the first in time when the second hangs', async () => {
    const { clock, answer, asked, told } = oneFrame({
      again: [onEdge],
      nodes: { ...unsure, 'edge-1': 'hangs' },
      deadlineMs: 200,
    });
    await clock.advanceAsync(20);
    await clock.advanceAsync(169);
    expect(told).toHaveLength(1);
    await clock.advanceAsync(1);
    expect(asked[1]!.deadlineAt).toBe(1_190);
    expect(await answer).toMatchObject({
      placement: onDevice,
      responseMs: 190,
      looks: [{}, { failure: 'DEADLINE_EXCEEDED', placement: onEdge }],
    });
    expect(told[1]).toMatchObject({ lookAgain: 'edge-1', ok: false, fault: 'late', leftMs: 0 });
  });

  it('goes where it has not failed before', async () => {
    const { clock, answer, told, outcomes } = oneFrame({
      firsts: [onEdge],
      again: [onCloud],
      nodes: { ...unsure, 'edge-1': { ms: 7, fails: failing }, 'cloud-1': { ms: 50 } },
    });
    await clock.advanceAsync(7);
    await clock.advanceAsync(20);
    await clock.advanceAsync(50);
    const { reason, failedAttempts, looks, hops, responseMs } = await answer;
    expect([reason, failedAttempts]).toEqual(['fallback', ['edge-1: UNAVAILABLE']]);
    expect(told[1]).toMatchObject({ lookAgain: 'device-1', exclude: ['edge-1'] });
    // The time of the failed attempt is the first look's.
    expect(looks.map((look) => sumOf(look.hops))).toEqual([27, 50]);
    expect([responseMs, sumOf(hops)]).toEqual([77, expect.closeTo(77)]);
    expect(outcomes.map(({ reason: why, responseMs: ms }) => [why, ms])).toEqual([
      ['planned', 7],
      ['fallback', 20],
      ['unsure', 50],
    ]);
  });

  it('is not tried with a second variant that cannot read the picture', async () => {
    const error = new InvalidInput([{ field: 'input.tensor.shape', description: 'expected another' }]);
    const { clock, answer, asked, told, outcomes } = oneFrame({
      again: [onEdge, onCloud],
      nodes: { ...unsure, 'edge-1': { ms: 5, fails: error } },
    });
    await clock.advanceAsync(25);
    expect((await answer).looks[1]).toMatchObject({ failure: 'INVALID_ARGUMENT' });
    expect(asked).toHaveLength(2);
    expect(told[1]).toMatchObject({ lookAgain: 'edge-1', ok: false, leftMs: 0 });
    // It says nothing about the target, so that the first look is the last that is told of.
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ lookedAgain: false });
  });

  it('is given up when its caller leaves during the second look', async () => {
    const { clock, answer, told, outcomes, stop } = oneFrame({
      again: [onEdge],
      nodes: { ...unsure, 'edge-1': 'hangs' },
    });
    await clock.advanceAsync(20);
    stop.abort();
    await expect(answer).rejects.toBeInstanceOf(Cancelled);
    expect(told[1]).toEqual({ settle: 'edge-1', ok: false, now: 1_020 });
    // The first look cost what it cost, but answered nobody.
    expect(outcomes).toMatchObject([{ placement: onDevice, lookedAgain: true }]);
  });

  it('is not looked at again for a caller who has left', async () => {
    const scene = oneFrame({ again: [onEdge], nodes: unsure });
    scene.clock.after(20, () => scene.stop.abort());
    await scene.clock.advanceAsync(20);
    await scene.answer.catch(() => {});
    expect(scene.asked).toHaveLength(1);
    expect(scene.told).toMatchObject([{ settle: 'device-1' }]);
  });

  it('is answered by the first where the code or the runtime of the second fails, and the log tells', async () => {
    const { clock, answer, told, outcomes, logged } = oneFrame({
      again: [onEdge],
      nodes: { ...unsure, 'edge-1': { ms: 5, fails: new TypeError('undefined is no function') } },
    });
    await clock.advanceAsync(25);
    expect(await answer).toMatchObject({
      classification: { label: 'class 3' },
      placement: onDevice,
      looks: [{ placement: onDevice }, { placement: onEdge, failure: 'INTERNAL' }],
    });
    // Charged as any second look that failed.
    expect(told[1]).toMatchObject({ lookAgain: 'edge-1', ok: false, exclude: ['edge-1'] });
    expect(outcomes[1]).toMatchObject({ failure: 'INTERNAL', firstLook: { agreed: false } });
    expect(outcomes.map(({ lookedAgain }) => lookedAgain)).toEqual([true, false]);
    expect(logged).toMatchObject([{ err: expect.any(TypeError) as Error, nodeId: 'edge-1' }]);
  });
});
