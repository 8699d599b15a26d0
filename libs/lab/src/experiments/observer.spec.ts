import { Unavailable } from '@weir/base';
import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import type { FrameRecord } from '../frames/frame-record.ts';
import type { EpochRecord } from '../measure/epochs.ts';
import type { Step } from '../measure/step.ts';
import { observe } from './observer.ts';

const sample = { file: '/samples/scene-1.png', image: new Uint8Array(), label: 'cat' };
const response = agent.InferResponse.fromPartial({
  classification: { label: 'dog' },
  placement: { tier: common.Tier.EDGE, nodeId: 'edge-1', variant: 'large' },
  hops: { agentMs: 1, uplinkMs: 2, queueMs: 3, decodeMs: 4, computeMs: 5, downlinkMs: 6 },
  responseMs: 21,
  expectedAccuracy: 0.9,
  energyJ: 0.5,
  decision: {
    reason: agent.Reason.EXPLORED,
    propensity: 0.25,
    concurrency: 2,
    directiveVersion: 7n,
    failedAttempts: ['cloud-1: UNAVAILABLE'],
  },
});
const epoch = (more: Partial<EpochRecord> = {}): EpochRecord => ({
  learner: 'planner',
  explored: true,
  complete: true,
  placements: [],
  bestKnown: [],
  responseMs: 21,
  planningMs: 1,
  pushMs: 2,
  at: 1_500,
  answers: [{ deviceId: 'device-1', sample, response, correct: false, clientMs: 22 }],
  failures: [],
  ...more,
});

function open({ weakSets = [[]] }: { weakSets?: string[][] } = {}) {
  const [steps, frames]: [Step[], FrameRecord[]] = [[], []];
  const observer = observe({
    about: { experiment: 'a-89', seed: 3, accuracyFloor: 0.86 },
    startedAt: 1_000,
    weakSets,
    onStep: (step) => steps.push(step),
    onFrame: (frame) => frames.push(frame),
  });
  return { observer, steps, frames };
}
const context = { label: 'planner', phase: 'measured', block: 2, epoch: 31 } as const;

describe('the observer of an experiment', () => {
  it('tells of a frame of an epoch all that is known', () => {
    const { observer, frames } = open();
    observer.counted(1)(epoch(), context);
    expect(frames).toEqual([
      {
        experiment: 'a-89',
        seed: 3,
        accuracyFloor: 0.86,
        learner: 'planner',
        phase: 'measured',
        block: 2,
        epoch: 31,
        atMs: 500,
        deviceId: 'device-1',
        picture: 'scene-1.png',
        label: 'cat',
        answer: 'dog',
        correct: false,
        expectedAccuracy: 0.9,
        tier: 'edge',
        nodeId: 'edge-1',
        variant: 'large',
        looks: 1,
        firstVariant: 'large',
        firstMargin: 0,
        agreed: null,
        agentMs: 1,
        uplinkMs: 2,
        queueMs: 3,
        decodeMs: 4,
        computeMs: 5,
        downlinkMs: 6,
        responseMs: 21,
        clientMs: 22,
        energyJ: 0.5,
        concurrency: 2,
        reason: 'explored',
        propensity: 0.25,
        directiveVersion: 7n,
        leaseExpired: false,
        predictedMs: 0,
        costMs: 0,
        plannedCostMs: 0,
        balance: 0,
        failedAttempts: 'cloud-1: UNAVAILABLE',
        failure: null,
        failureMessage: null,
      },
    ]);
  });

  it('tells of a second look what it was the second of', () => {
    const { observer, frames } = open();
    const first = agent.Look.fromPartial({
      placement: { tier: common.Tier.DEVICE, nodeId: 'device-1', variant: 'small' },
      classification: { label: 'cat', margin: 0.125 },
    });
    const second = agent.Look.fromPartial({
      placement: response.placement,
      classification: response.classification,
    });
    const twice = { deviceId: 'device-1', sample, correct: false, clientMs: 22 };
    const answers = [
      { ...twice, response: { ...response, looks: [first, second] } },
      { ...twice, response: { ...response, looks: [first, { ...second, classification: undefined }] } },
    ];
    observer.counted(1)(epoch({ answers }), context);
    expect(frames).toMatchObject([
      { variant: 'large', looks: 2, firstVariant: 'small', firstMargin: 0.125, agreed: false },
      { looks: 2, agreed: false },
    ]);
  });

  it('tells of a frame that failed why, and nothing that was not seen', () => {
    const { observer, frames } = open();
    const failed = { deviceId: 'device-1', sample, error: new Unavailable('edge-1 is away'), clientMs: 9 };
    observer.counted(1)(epoch({ answers: [], failures: [failed], complete: false }), context);
    expect(frames).toMatchObject([
      { failure: 'UNAVAILABLE', failureMessage: 'edge-1 is away', clientMs: 9, responseMs: null, tier: null },
    ]);
  });

  it('tells of frames that arrive by themselves, without an epoch', () => {
    const { observer, frames } = open();
    const arrived = { deviceId: 'device-1', sample, atMs: 70, clientMs: 22, block: null } as const;
    const result = { response, correct: true, clientMs: 22 };
    observer.onArrival({ ...arrived, label: 'planner', phase: 'warmup', result });
    observer.onArrival({
      ...arrived,
      label: 'planner',
      phase: 'learning',
      result: { error: new Error('x') },
    });
    expect(frames).toMatchObject([
      { phase: 'warmup', epoch: null, atMs: 70, correct: true, variant: 'large' },
      { phase: 'learning', failure: 'INTERNAL', failureMessage: 'x', correct: null },
    ]);
  });

  it('counts upwards only, through every condition of the links that is profiled', () => {
    const { observer, steps, frames } = open({ weakSets: [['a', 'b'], [], ['b', 'a'], ['c']] });
    for (const weak of [['b', 'a'], [], ['c']])
      for (const at of [1, 1, 2])
        observer.onProfiling(weak)(epoch({ complete: at === 2 || steps.length % 2 === 1 }), {
          epoch: at,
          total: 2,
        });
    const counts = steps.map(({ done }) => done);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(steps.at(-1)).toEqual({ phase: 'profiling', label: '', done: 6, total: 6, unit: 'epochs' });
    // Frames of tries that are not taken are frames all the same.
    expect(frames).toHaveLength(9);
    expect(frames[0]).toMatchObject({ learner: 'static', phase: 'profiling', epoch: 1 });
  });
});
