import { seededRandom } from '@weir/base';
import type { Outcome } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { createLearner } from '../create-learner.ts';
import { toyLooks } from '../toy-looks.fixture.ts';
import { ToyCell } from '../toy-cell.fixture.ts';

const random = seededRandom(1);
const toy = (more: object = {}) =>
  new ToyCell(seededRandom(1), { users: 2, floor: 0, looks: toyLooks, ...more });

/** Second looks with this margin, of which so many in a hundred confirm the first. */
const secondLooks = (margin: number, agreeing: number, responseMs: number): Outcome[] => {
  const first = { tier: 'device', nodeId: 'device-1', variant: 'small' } as const;
  const look: Outcome = {
    deviceId: 'device-1',
    placement: first,
    planVersion: 1,
    reason: 'planned',
    at: 0,
    hops: { agentMs: 0, uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs: responseMs, downlinkMs: 0 },
    responseMs,
    predictedMs: 0,
    energyJ: 0,
    accuracy: 0.75,
    margin,
    concurrency: 0,
    batchSize: 1,
    propensity: 1,
  };
  return Array.from({ length: 400 }, (_, at) => [
    { ...look, lookedAgain: true },
    {
      ...look,
      placement: { ...first, variant: 'large' },
      firstLook: { placement: first, margin, agreed: at % 100 < agreeing },
    },
  ]).flat();
};

describe('hi-lcb', () => {
  it('lets the small variant look first, and the best one again at all that is below the last step', () => {
    const learner = createLearner('hi-lcb', { random, nodeOf: { 'device-2': 'edge' } });
    learner.observe(toy().observation());
    const { placements, secondLooks: looks, explored, thresholdMs } = learner.propose();
    expect([...placements.values()].map(({ variant }) => variant)).toEqual(['small', 'small']);
    expect(looks!.get('device-1')).toEqual({
      placement: { tier: 'device', nodeId: 'device-1', variant: 'large' },
      marginBelow: 0.8,
      curves: 'toy',
    });
    expect(looks!.get('device-2')!.placement).toEqual({ tier: 'edge', nodeId: 'edge', variant: 'large' });
    expect(explored).toBe(false);
    expect(thresholdMs).toBe(Infinity);
  });

  it('stops looking again where the first answer is mostly right, by its price of a wrong one', () => {
    const learner = createLearner('hi-lcb', { random, priceMs: 1_000 });
    learner.observe(toy().observation());
    learner.learn([...secondLooks(0.1, 50, 300), ...secondLooks(0.3, 60, 300), ...secondLooks(0.6, 99, 300)]);
    expect(learner.bestSecondLooks!().get('device-1')!.marginBelow).toBe(0.5);
    expect(learner.propose().secondLooks!.get('device-1')!.marginBelow).toBe(0.5);
  });

  it('never looks again where a second look costs as much as a wrong answer', () => {
    const learner = createLearner('hi-lcb', { random, priceMs: 100 });
    learner.observe(toy().observation());
    learner.learn([0.1, 0.3, 0.6].flatMap((margin) => secondLooks(margin, 50, 300)));
    expect(learner.bestSecondLooks!().size).toBe(0);
  });

  it('knows no audits, failures and shadows', () => {
    const learner = createLearner('hi-lcb', { random });
    learner.observe(toy().observation());
    const looks = secondLooks(0.1, 100, 1);
    learner.learn(looks.map((each) => ({ ...each, auditProbability: 0.01 })));
    learner.learn(looks.map((each) => ({ ...each, failure: 'UNAVAILABLE' })));
    learner.learn(looks.map((each) => ({ ...each, shadow: true })));
    expect(learner.status().outcomes).toBe(0);
  });

  it.each([{ maxLooks: 1 }, { looks: undefined }])('looks once where no second looks may be: %o', (more) => {
    const learner = createLearner('hi-lcb', { random });
    learner.observe(toy(more).observation());
    expect(learner.propose().secondLooks).toBeUndefined();
  });
});
