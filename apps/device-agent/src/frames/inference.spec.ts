import {
  Cancelled,
  DeadlineExceeded,
  FailedPrecondition,
  FakeClock,
  InvalidInput,
  NotFound,
  ResourceExhausted,
  seededRandom,
  Unavailable,
  silentLogger,
} from '@weir/base';
import { createDispatcher } from '@weir/dispatch';
import { type ActionCost, defaultObjective, type Outcome, type Tier } from '@weir/domain';
import { common } from '@weir/proto';
import { extractTraceContext } from '@weir/rpc';
import { startInference } from '@weir/telemetry';
import { describe, expect, it } from 'vitest';
import { infer } from './inference.ts';
import { RescueWindows } from './rescue-windows.ts';
import type { Target, TargetAnswer, TargetRequest } from '../targets/target.ts';

type Behaviour = (request: TargetRequest) => Promise<TargetAnswer>;

const answers: Behaviour = async () => ({
  classification: common.Classification.fromPartial({ label: 'cat', confidence: 0.9, margin: 0.8 }),
  hops: { uplinkMs: 2, queueMs: 3, decodeMs: 1, computeMs: 4, downlinkMs: 1 },
  energyJ: 0.5,
  concurrency: 1,
  batchSize: 2,
});
const fails =
  (error: Error): Behaviour =>
  async () => {
    throw error;
  };
const action = (tier: Tier, nodeId: string, serviceMs: number): ActionCost => ({
  placement: { tier, nodeId, variant: 'v' },
  accuracy: 0.8,
  serviceMs,
  networkMs: 0,
  energyJ: 0,
});

/** An edge that is the best choice, a cloud that is the next, and the device itself as the last. */
function setUp(
  behaviours: Partial<Record<'edge-1' | 'cloud-1' | 'device-1', Behaviour>>,
  rescueMs = 0,
  leastMs = rescueMs,
) {
  const clock = new FakeClock(1_000);
  const dispatcher = createDispatcher({
    deviceId: 'device-1',
    localNode: { id: 'device-1', tier: 'device', slots: 1, variants: ['v'] },
    variants: [],
    objective: defaultObjective,
    random: seededRandom(1),
  });
  dispatcher.setFallbackActions([
    action('edge', 'edge-1', 10),
    action('cloud', 'cloud-1', 50),
    action('device', 'device-1', 200),
  ]);
  for (const nodeId of ['edge-1', 'cloud-1']) dispatcher.setReachable(nodeId, true, clock.now());
  const outcomes: Outcome[] = [];
  const asked: [string, TargetRequest][] = [];
  const target = (nodeId: string): Target | undefined => {
    const behaviour = behaviours[nodeId as keyof typeof behaviours];
    return (
      behaviour && {
        nodeId,
        tier: 'edge',
        reachable: true,
        run(request) {
          asked.push([nodeId, request]);
          return behaviour(request);
        },
      }
    );
  };
  const stop = new AbortController();
  const run = (deadlineMs = 500) =>
    infer(
      {
        input: { content: { $case: 'encodedImage', value: Buffer.alloc(1) } },
        arrivedAt: clock.now(),
        deadlineAt: clock.now() + deadlineMs,
        signal: stop.signal,
        span: startInference({ parent: extractTraceContext(undefined), at: clock.now() }),
      },
      {
        deviceId: 'device-1',
        dispatcher,
        target,
        clock,
        logger: silentLogger,
        record: (outcome) => outcomes.push(outcome),
        refresh() {},
        rescue: () => ({ leastMs, ms: rescueMs, answerMs: rescueMs / 2 }),
        rescueWindows: new RescueWindows(),
      },
    );
  return { clock, run, outcomes, asked, stop, dispatcher };
}

describe('infer', () => {
  it('runs a frame where the dispatcher places it, and records what that cost', async () => {
    const { run, outcomes, asked } = setUp({ 'edge-1': answers });
    const { decision, failedAttempts } = await run();
    expect(decision.placement.nodeId).toBe('edge-1');
    expect(failedAttempts).toEqual([]);
    expect(asked[0]?.[1]).toMatchObject({ variant: 'v', deadlineAt: 1_500 });
    expect(outcomes).toMatchObject([
      {
        placement: { nodeId: 'edge-1' },
        energyJ: 0.5,
        concurrency: 1,
        batchSize: 2,
        margin: 0.8,
        accuracy: 0.8,
      },
    ]);
    expect(outcomes[0]?.failure).toBeUndefined();
  });

  it('gives hops that add up to the response time, failed attempts included', async () => {
    const clockOf: { advance?: (ms: number) => void } = {};
    const { run, clock, outcomes } = setUp({
      async 'edge-1'() {
        clockOf.advance!(7);
        throw new Unavailable('gone');
      },
      async 'cloud-1'(request) {
        clockOf.advance!(13);
        return answers(request);
      },
    });
    clockOf.advance = (ms) => clock.advance(ms);
    const { hops, responseMs } = await run();
    expect(responseMs).toBe(20);
    expect(Object.values<number>({ ...hops }).reduce((a, b) => a + b)).toBeCloseTo(20);
    expect(hops.agentMs).toBeCloseTo(9);
    // What the policy learns of the cloud is the cloud's own time.
    expect(outcomes[1]).toMatchObject({ responseMs: 13, placement: { nodeId: 'cloud-1' } });
  });

  it.each([
    ['unreachable', new Unavailable('gone'), 'UNAVAILABLE'],
    ['full', new ResourceExhausted('full'), 'RESOURCE_EXHAUSTED'],
    ['without the variant', new NotFound('no such variant'), 'NOT_FOUND'],
    ['stopped by its own side', new Cancelled('draining'), 'CANCELLED'],
  ])('turns to another target when one is %s', async (_, error, status) => {
    const { run, outcomes } = setUp({ 'edge-1': fails(error), 'cloud-1': answers });
    const { decision, failedAttempts } = await run();
    expect(decision.placement.nodeId).toBe('cloud-1');
    expect(failedAttempts).toEqual([`edge-1: ${status}`]);
    expect(outcomes.map(({ placement, failure }) => [placement.nodeId, failure])).toEqual([
      ['edge-1', status],
      ['cloud-1', undefined],
    ]);
  });

  it('tries every target, finally the device itself', async () => {
    const gone = fails(new Unavailable('gone'));
    const { run, asked } = setUp({ 'edge-1': gone, 'cloud-1': gone, 'device-1': answers });
    expect(await run()).toMatchObject({ decision: { placement: { tier: 'device' } }, reason: 'fallback' });
    expect(asked.map(([nodeId]) => nodeId)).toEqual(['edge-1', 'cloud-1', 'device-1']);
  });

  it('calls a frame that failed elsewhere a fallback even if it then goes as planned', async () => {
    const { run, dispatcher, outcomes } = setUp({
      'edge-1': fails(new Unavailable('gone')),
      'cloud-1': answers,
    });
    const { placement } = action('cloud', 'cloud-1', 50);
    dispatcher.applyDirective(
      {
        instanceId: 'instance-1',
        version: 1,
        leaseMs: 1_000,
        learner: 'planner',
        planned: placement,
        thresholdMs: 0,
        explored: false,
        propensity: 1,
        actions: [],
        accuracyPriceMs: 0,
        objective: defaultObjective,
        ledger: { ledgerId: '', creditTotal: 0, debitRequestedTotal: 0 },
        predictedMs: 50,
      },
      1_000,
    );
    const { decision, reason } = await run();
    expect([decision.placement, decision.reason, reason]).toEqual([placement, 'planned', 'fallback']);
    expect(outcomes.map((outcome) => outcome.reason)).toEqual(['deviated', 'fallback']);
  });

  it('says what was tried when nothing answers', async () => {
    const gone = fails(new Unavailable('gone'));
    const { run } = setUp({
      'edge-1': gone,
      'cloud-1': gone,
      'device-1': fails(new ResourceExhausted('full')),
    });
    await expect(run()).rejects.toThrow(
      'no target answered: edge-1: UNAVAILABLE, cloud-1: UNAVAILABLE, device-1: RESOURCE_EXHAUSTED',
    );
  });

  it('does not send a bad picture elsewhere and blames no target for it', async () => {
    const { run, asked, outcomes } = setUp({
      'edge-1': fails(new InvalidInput([{ field: 'input', description: 'broken' }])),
      'cloud-1': answers,
    });
    await expect(run()).rejects.toBeInstanceOf(InvalidInput);
    expect(asked).toHaveLength(1);
    expect(outcomes).toEqual([]);
  });

  it('stops working on a cancelled frame', async () => {
    const { run, stop, asked, outcomes } = setUp({
      async 'edge-1'() {
        stop.abort();
        throw new Cancelled('cancelled');
      },
      'cloud-1': answers,
    });
    await expect(run()).rejects.toBeInstanceOf(Cancelled);
    expect(asked).toHaveLength(1);
    expect(outcomes).toEqual([]);
    await expect(run()).rejects.toBeInstanceOf(Cancelled);
    expect(asked).toHaveLength(1);
  });

  it('does not begin another attempt after the deadline', async () => {
    const parts: { clock?: FakeClock } = {};
    const { run, clock, asked } = setUp({
      async 'edge-1'() {
        parts.clock!.advance(500);
        throw new DeadlineExceeded('late');
      },
      'cloud-1': answers,
    });
    parts.clock = clock;
    await expect(run()).rejects.toThrow('(tried edge-1: DEADLINE_EXCEEDED)');
    await expect(run(0)).rejects.toBeInstanceOf(DeadlineExceeded);
    expect(asked).toHaveLength(1);
  });

  it('leaves a remote target no longer than the device could still answer by itself, or half the time', async () => {
    const within = async (rescueMs: number, leastMs = rescueMs) => {
      const { run, asked } = setUp({ 'edge-1': answers }, rescueMs, leastMs);
      await run(500);
      return asked[0]![1].deadlineAt - 1_000;
    };
    // And a twentieth of the frame's time, as machines wake late.
    expect(await within(80)).toBe(395);
    expect(await within(400)).toBe(250);
    // Where the balance lets it answer in less.
    expect(await within(600, 80)).toBe(250);
  });

  it('lets a target take as long as it was predicted to, and some more', async () => {
    const { run, asked } = setUp({ 'edge-1': answers }, 3);
    await run(14);
    expect(asked[0]![1].deadlineAt - 1_000).toBe(12.5);
  });

  it.each([
    [400, 'cloud-1', 'which is the cheaper, and has twice its time'],
    [350, 'device-1', 'as the cloud would only just be in time'],
    [110, 'device-1', 'where nothing has half its time again to spare'],
    [90, undefined, 'where nothing is in time'],
  ])('with %i ms left after a failure asks %s next, %s', async (leftMs, next, _why) => {
    const parts: { clock?: FakeClock } = {};
    const { run, clock, asked, dispatcher } = setUp({
      async 'edge-1'() {
        parts.clock!.advance(500 - leftMs);
        throw new Unavailable('gone');
      },
      'cloud-1': answers,
      'device-1': answers,
    });
    parts.clock = clock;
    // The quicker one costs more: energy counts.
    const energyJ = 1_000;
    dispatcher.setOwnObjective({ ...defaultObjective, energyMsPerJ: 1 });
    dispatcher.setFallbackActions([
      action('edge', 'edge-1', 10),
      action('cloud', 'cloud-1', 190),
      { ...action('device', 'device-1', 100), energyJ },
    ]);
    const answer = run(500);
    if (next) await answer;
    else await expect(answer).rejects.toThrow(/edge-1: UNAVAILABLE, and no target could answer within 90 ms/);
    expect(asked.map(([nodeId]) => nodeId)).toEqual(next ? ['edge-1', next] : ['edge-1']);
  });

  it('keeps no time from the device itself', async () => {
    const { run, asked } = setUp({ 'device-1': answers }, 80);
    await run(500);
    expect(asked.map(([nodeId, { deadlineAt }]) => [nodeId, deadlineAt - 1_000])).toEqual([
      ['device-1', 500],
    ]);
  });

  it('keeps no time for a device that could not use it', async () => {
    const { run, asked } = setUp({ 'edge-1': answers }, 600);
    await run(500);
    expect(asked[0]![1].deadlineAt - 1_000).toBe(500);
  });

  it('passes on why nothing is allowed', async () => {
    const { run, dispatcher } = setUp({});
    dispatcher.setOwnObjective({ ...defaultObjective, accuracyFloor: 0.9 });
    await expect(run()).rejects.toBeInstanceOf(FailedPrecondition);
  });

  it('refunds the accuracy that a failed attempt had reserved', async () => {
    const { run, dispatcher, clock } = setUp({
      'edge-1': fails(new Unavailable('gone')),
      'cloud-1': answers,
    });
    dispatcher.setOwnObjective({ ...defaultObjective, accuracyFloor: 0.7 });
    await run();
    expect(dispatcher.status(clock.now()).balance.balance).toBeCloseTo(0.1);
  });
});
