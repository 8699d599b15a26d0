import { Cancelled, FakeClock, silentLogger, Unavailable } from '@weir/base';
import type { Decision } from '@weir/dispatch';
import type { Outcome, Placement, Tier } from '@weir/domain';
import { common } from '@weir/proto';
import { extractTraceContext } from '@weir/rpc';
import { startInference } from '@weir/telemetry';
import { describe, expect, it } from 'vitest';
import type { FrameAnswer } from '../frames/frame.ts';
import type { ObservedTarget, TargetAnswer, TargetRequest } from '../targets/target.ts';
import { Audits } from './audits.ts';

const place = (tier: Tier, nodeId: string, variant: string): Placement => ({ tier, nodeId, variant });
const onDevice = place('device', 'device-1', 'small');
const onEdge = place('edge', 'edge-1', 'best');
const onCloud = place('cloud', 'cloud-1', 'best');

const decision = (placement: Placement): Decision => ({
  placement,
  reason: 'audit',
  predictedMs: 120,
  costMs: 120,
  plannedCostMs: 120,
  savedMs: 0,
  lookAgain: undefined,
  accuracy: 0.9,
  directiveVersion: 7,
  learner: 'planner',
  leaseExpired: false,
  balance: 0,
  propensity: 1,
});
const said = (classIndex: number, margin: number) =>
  common.Classification.fromPartial({ classIndex, label: `class ${classIndex}`, confidence: 0.7, margin });

/** The device itself answered class 3. */
const answer = (failedOn: readonly string[] = []): FrameAnswer => ({
  classification: said(3, 0.6),
  outputs: [],
  placement: onDevice,
  concurrency: 0,
  decision: { ...decision(onDevice), reason: 'planned', accuracy: 0.83, propensity: 0.5 },
  reason: 'planned',
  failedAttempts: [],
  hedge: undefined,
  failedOn: new Set(failedOn),
  looks: [],
  hops: { agentMs: 0, uplinkMs: 0, queueMs: 0, decodeMs: 2, computeMs: 18, downlinkMs: 0 },
  responseMs: 20,
  predictedMs: 20,
  energyJ: 0.1,
});

/** A device, an edge and a cloud that say class 3 in 50 ms, and an audit of every answer that the `draw` is in favour of. */
function setUp({ draws = [0] }: { draws?: readonly number[] } = {}) {
  const clock = new FakeClock(1_000);
  const nodes: Record<string, { idle: boolean; says: number | Error; sendingMs?: number }> = {
    'edge-1': { idle: true, says: 3 },
    'cloud-1': { idle: true, says: 3 },
  };
  const state = { framesInFlight: 0, places: [onEdge, onCloud] as Placement[] | undefined };
  const asked: (TargetRequest & { nodeId: string; at: number })[] = [];
  const outcomes: (Outcome & { confidence: number })[] = [];
  const ended: [result: string, energyJ: number][] = [];
  const target = (nodeId: string): ObservedTarget => ({
    nodeId,
    tier: 'edge',
    reachable: true,
    idle: nodes[nodeId]!.idle,
    sendingMs: () => nodes[nodeId]!.sendingMs ?? 0,
    run(request) {
      asked.push({ ...request, nodeId, at: clock.now() });
      return new Promise<TargetAnswer>((resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(new Cancelled('cancelled')), { once: true });
        clock.after(50, () => {
          const { says } = nodes[nodeId]!;
          if (says instanceof Error) return reject(says);
          const hops = { uplinkMs: 10, queueMs: 0, decodeMs: 2, computeMs: 38, downlinkMs: 0 };
          const classification = said(says, 0.9);
          resolve({ classification, hops, energyJ: 0.25, concurrency: 0, batchSize: 1 });
        });
      });
    },
  });
  let draw = 0;
  const audits = new Audits({
    deviceId: 'device-1',
    // A newer plan is in force than the one that the frame was dispatched by.
    dispatcher: { audits: () => state.places?.map((at) => ({ ...decision(at), directiveVersion: 8 })) },
    target,
    framesInFlight: () => state.framesInFlight,
    clock,
    random: { uniform: () => draws[draw++ % draws.length]! } as never,
    logger: silentLogger,
    record: (outcome, confidence) => outcomes.push({ ...outcome, confidence }),
    onEnded: (result, energyJ) => ended.push([result, energyJ]),
  });
  const span = startInference({ parent: extractTraceContext(undefined), at: 0 });
  const input: common.Input = { content: { $case: 'encodedImage', value: Buffer.alloc(1) } };
  /** An answer goes out, and its frame is no longer in flight. */
  const answered = ({
    failedOn = [] as string[],
    allowedTiers = ['device', 'edge', 'cloud'] as Tier[],
    given = answer(failedOn),
  } = {}) => {
    audits.answered({
      frame: { input, span },
      answer: given,
      objective: { allowedTiers, auditShare: 0.01 },
    });
    audits.frameLeft();
  };
  return { clock, nodes, state, asked, outcomes, ended, audits, answered };
}

describe('audits', () => {
  it('have the most accurate variant look once the answer has gone out, in the background', async () => {
    const { clock, asked, answered } = setUp();
    answered();
    expect(asked).toEqual([]);
    await clock.advanceAsync(5);
    expect(asked).toMatchObject([
      { nodeId: 'edge-1', variant: 'best', background: true, deadlineAt: 11_005 },
    ]);
  });

  it('let the device rest after each frame', async () => {
    const { clock, nodes, asked, audits, answered } = setUp();
    nodes['edge-1']!.idle = nodes['cloud-1']!.idle = false;
    answered();
    await clock.advanceAsync(5);
    nodes['edge-1']!.idle = true;
    // It would look for an idle node again at 255 ms.
    await clock.advanceAsync(247);
    audits.frameLeft();
    await clock.advanceAsync(4);
    expect(asked).toEqual([]);
    await clock.advanceAsync(1);
    expect(asked).toHaveLength(1);
  });

  it('check no answer of a model that is no classifier', async () => {
    const { clock, asked, ended, answered } = setUp();
    answered({ given: { ...answer(), classification: undefined } });
    await clock.advanceAsync(20_000);
    expect([asked, ended]).toEqual([[], []]);
  });

  it('tell the policy what they found, and the probability of having been drawn', async () => {
    const { clock, outcomes, ended, audits, answered } = setUp();
    answered();
    await clock.advanceAsync(60);
    expect(outcomes).toMatchObject([
      {
        deviceId: 'device-1',
        placement: onEdge,
        reason: 'audit',
        firstLook: { placement: onDevice, margin: 0.6, agreed: true },
        auditProbability: 0.01,
        shadow: true,
        planVersion: 7,
        at: 1_055,
        responseMs: 50,
        predictedMs: 120,
        energyJ: 0.25,
        accuracy: 0.83,
        margin: 0.9,
        propensity: 1,
        confidence: expect.closeTo(0.7) as number,
      },
    ]);
    expect(ended).toEqual([['agreed', 0.25]]);
    expect(audits.counts).toEqual({ agreed: 1, differed: 0, skipped: 0 });
  });

  it('tell when the most accurate variant says something else', async () => {
    const { clock, nodes, outcomes, audits, answered } = setUp();
    nodes['edge-1']!.says = 5;
    answered();
    await clock.advanceAsync(60);
    expect(outcomes[0]!.firstLook).toMatchObject({ agreed: false });
    expect(audits.counts).toEqual({ agreed: 0, differed: 1, skipped: 0 });
  });

  it('are drawn with the probability of the objective, and of none where there is nothing to check', async () => {
    const { clock, asked, audits, answered, state } = setUp({ draws: [0.01, 0.0099, 0.5] });
    for (let frame = 0; frame < 3; frame++) answered();
    await clock.advanceAsync(500);
    expect(asked).toHaveLength(1);
    // The answer is the most accurate variant's own.
    state.places = undefined;
    for (let frame = 0; frame < 3; frame++) answered();
    await clock.advanceAsync(20_000);
    expect(asked).toHaveLength(1);
    expect(audits.counts).toEqual({ agreed: 1, differed: 0, skipped: 0 });
  });

  it('wait while any frame of the device is in flight', async () => {
    const { clock, asked, answered, audits, state } = setUp();
    state.framesInFlight = 1;
    answered();
    await clock.advanceAsync(3_000);
    expect(asked).toEqual([]);
    state.framesInFlight = 0;
    audits.frameLeft();
    await clock.advanceAsync(5);
    expect(asked).toHaveLength(1);
  });

  it('let the device rest after each frame, whenever they were to look again', async () => {
    const { clock, asked, answered, audits, state } = setUp();
    state.framesInFlight = 1;
    answered();
    await clock.advanceAsync(249);
    state.framesInFlight = 0;
    audits.frameLeft();
    await clock.advanceAsync(4);
    expect(asked).toEqual([]);
    await clock.advanceAsync(1);
    expect(asked).toHaveLength(1);
  });

  it('go nowhere over a link that they would keep busy', async () => {
    const { clock, asked, answered, nodes } = setUp();
    nodes['edge-1']!.sendingMs = 10.1;
    answered();
    await clock.advanceAsync(60);
    nodes['cloud-1']!.sendingMs = 500;
    answered();
    await clock.advanceAsync(5_000);
    expect(asked.map(({ nodeId }) => nodeId)).toEqual(['cloud-1']);
  });

  it('take the first place whose node is idle, and wait for one', async () => {
    const { clock, asked, answered, nodes } = setUp();
    nodes['edge-1']!.idle = false;
    answered();
    await clock.advanceAsync(60);
    nodes['cloud-1']!.idle = false;
    answered();
    await clock.advanceAsync(5_000);
    expect(asked.map(({ nodeId }) => nodeId)).toEqual(['cloud-1']);
    nodes['edge-1']!.idle = true;
    await clock.advanceAsync(250);
    expect(asked.map(({ nodeId }) => nodeId)).toEqual(['cloud-1', 'edge-1']);
  });

  it('give up after ten seconds', async () => {
    const { clock, asked, answered, audits, nodes } = setUp();
    for (const node of Object.values(nodes)) node.idle = false;
    answered();
    await clock.advanceAsync(9_900);
    expect(audits.counts.skipped).toBe(0);
    await clock.advanceAsync(400);
    expect(audits.counts.skipped).toBe(1);
    for (const node of Object.values(nodes)) node.idle = true;
    await clock.advanceAsync(1_000);
    expect(asked).toEqual([]);
  });

  it('keep four pictures at most', () => {
    const { answered, audits, state } = setUp();
    state.framesInFlight = 1;
    for (let frame = 0; frame < 6; frame++) answered();
    expect(audits.counts.skipped).toBe(2);
  });

  it('run one at a time', async () => {
    const { clock, asked, answered } = setUp();
    answered();
    await clock.advanceAsync(10);
    answered();
    await clock.advanceAsync(44);
    expect(asked).toHaveLength(1);
    await clock.advanceAsync(6);
    expect(asked.map(({ at }) => at)).toEqual([1_005, 1_060]);
  });

  it('go to no tier that was forbidden as the frame came, and to no node that failed it', async () => {
    const { clock, asked, answered } = setUp();
    answered({ allowedTiers: ['device', 'cloud'] });
    await clock.advanceAsync(60);
    expect(asked.map(({ nodeId }) => nodeId)).toEqual(['cloud-1']);
    answered({ failedOn: ['edge-1'] });
    await clock.advanceAsync(60);
    expect(asked.map(({ nodeId }) => nodeId)).toEqual(['cloud-1', 'cloud-1']);
    answered({ allowedTiers: ['device'] });
    await clock.advanceAsync(20_000);
    expect(asked).toHaveLength(2);
  });

  it('are not told of when they fail', async () => {
    const { clock, outcomes, answered, audits, nodes } = setUp();
    nodes['edge-1']!.says = new Unavailable('gone');
    answered();
    await clock.advanceAsync(60);
    expect(outcomes).toEqual([]);
    expect(audits.counts).toEqual({ agreed: 0, differed: 0, skipped: 1 });
  });

  it('end as soon as the agent drains: the one that runs, those that wait, and none begins', async () => {
    const { clock, asked, outcomes, answered, audits } = setUp();
    answered();
    answered();
    await clock.advanceAsync(10);
    audits[Symbol.dispose]();
    answered();
    await clock.advanceAsync(20_000);
    expect(asked).toHaveLength(1);
    expect(outcomes).toEqual([]);
    expect(audits.counts).toEqual({ agreed: 0, differed: 0, skipped: 2 });
  });
});
