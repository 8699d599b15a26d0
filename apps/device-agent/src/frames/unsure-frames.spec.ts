import { FakeClock, seededRandom, Unavailable, silentLogger } from '@weir/base';
import { createDispatcher } from '@weir/dispatch';
import { type ActionCost, defaultObjective, type LookCurves, type Outcome, type Tier } from '@weir/domain';
import { common } from '@weir/proto';
import { extractTraceContext } from '@weir/rpc';
import { startInference } from '@weir/telemetry';
import { describe, expect, it } from 'vitest';
import { noRescue } from '../targets/rescue.ts';
import { RescueWindows } from './rescue-windows.ts';
import type { TargetAnswer } from '../targets/target.ts';
import type { FrameAnswer } from './frame.ts';
import { infer } from './inference.ts';

const floor = 0.85;
const accuracies = { small: 0.81, large: 0.87 };
type Variant = keyof typeof accuracies;
/** Margins are spread evenly over 0..1 here, so that a threshold is its share. */
const looks: LookCurves = {
  version: 'curves-1',
  pictures: 10_000,
  curves: [
    {
      first: 'small',
      second: 'large',
      steps: [
        { marginBelow: 0.1, share: 0.1, gain: 0.025, standardError: 0.001 },
        { marginBelow: 0.2, share: 0.2, gain: 0.042, standardError: 0.001 },
        { marginBelow: 0.3, share: 0.3, gain: 0.052, standardError: 0.001 },
        { marginBelow: 0.4, share: 0.4, gain: 0.058, standardError: 0.001 },
      ],
    },
  ],
};
const action = (tier: Tier, nodeId: string, variant: Variant, serviceMs: number): ActionCost => ({
  placement: { tier, nodeId, variant },
  accuracy: accuracies[variant],
  serviceMs,
  networkMs: 0,
  energyJ: 0,
});
const actions = [
  action('device', 'device-1', 'small', 20),
  action('device', 'device-1', 'large', 400),
  action('edge', 'edge-1', 'large', 100),
];

/** A device with a quick small variant and a slow large one, and an edge whose large one is quicker. */
function setUp(maxLooks: number) {
  const clock = new FakeClock(0);
  const random = seededRandom(1);
  const dispatcher = createDispatcher({
    deviceId: 'device-1',
    localNode: { id: 'device-1', tier: 'device', slots: 1, variants: ['small', 'large'] },
    variants: [],
    looks,
    objective: { ...defaultObjective, accuracyFloor: floor, maxLooks },
    random: random.fork('ties'),
  });
  dispatcher.setFallbackActions(actions);
  dispatcher.setReachable('edge-1', true, 0);
  const edge: { state: 'up' | 'fails' | 'away' } = { state: 'up' };
  const outcomes: Outcome[] = [];
  const margins = random.fork('margins');
  const serviceMs = new Map(
    actions.map(({ placement, serviceMs: ms }) => [`${placement.nodeId} ${placement.variant}`, ms]),
  );
  const run = async (nodeId: string, variant: string): Promise<TargetAnswer> => {
    if (edge.state !== 'up' && nodeId === 'edge-1') throw new Unavailable('gone');
    const computeMs = serviceMs.get(`${nodeId} ${variant}`)!;
    clock.advance(computeMs);
    return {
      classification: common.Classification.fromPartial({ label: variant, margin: margins.uniform() }),
      hops: { uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs, downlinkMs: 0 },
      energyJ: 0,
      concurrency: 0,
      batchSize: 1,
    };
  };
  const frame = () =>
    infer(
      {
        input: { content: { $case: 'encodedImage', value: Buffer.alloc(1) } },
        arrivedAt: clock.now(),
        deadlineAt: clock.now() + 2_000,
        signal: new AbortController().signal,
        span: startInference({ parent: extractTraceContext(undefined), at: clock.now() }),
      },
      {
        deviceId: 'device-1',
        dispatcher,
        target: (nodeId) => ({
          nodeId,
          tier: 'edge',
          reachable: true,
          run: ({ variant }) => run(nodeId, variant),
        }),
        clock,
        logger: silentLogger,
        record: (outcome) => outcomes.push(outcome),
        refresh() {},
        rescue: () => noRescue,
        rescueWindows: new RescueWindows(),
      },
    );
  return {
    edge,
    outcomes,
    async frames(count: number) {
      const answers: FrameAnswer[] = [];
      for (let left = count; left > 0; left--) {
        clock.advance(500);
        dispatcher.setReachable('edge-1', edge.state !== 'away', clock.now());
        answers.push(await frame());
      }
      return answers;
    },
  };
}

const twice = ({ looks: [, second] }: FrameAnswer) => second?.classification !== undefined;
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('frames of a device that may look twice', () => {
  it('meet a floor above the small variant by looking again at those that it is least sure of', async () => {
    const { frames, outcomes } = setUp(2);
    const answers = await frames(1_000);
    let earned = 0;
    for (const { decision } of answers) {
      earned += decision.accuracy - floor;
      expect(earned).toBeGreaterThanOrEqual(-1e-9);
    }
    // Which frames get a second look is the curve's matter, and nothing else's.
    for (const answer of answers) {
      const { lookAgain } = answer.decision;
      const { margin } = answer.looks[0]!.classification!;
      expect(twice(answer)).toBe(lookAgain !== undefined && margin < lookAgain.marginBelow);
    }
    const meant = answers.flatMap(({ decision }) => decision.lookAgain?.marginBelow ?? 0);
    const share = mean(answers.map((answer) => Number(twice(answer))));
    expect(share).toBeGreaterThan(0.1);
    expect(Math.abs(share - mean(meant))).toBeLessThan(4 * Math.sqrt(0.25 / answers.length));
    // Each frame counts once.
    expect(outcomes.filter(({ lookedAgain }) => !lookedAgain)).toHaveLength(answers.length);
    // Quicker than the large variant for every frame, which one look a frame would need for most.
    const once = await setUp(1).frames(1_000);
    expect(mean(answers.map(({ responseMs }) => responseMs))).toBeLessThan(
      0.7 * mean(once.map(({ responseMs }) => responseMs)),
    );
    expect(once.every((answer) => answer.looks.length === 1)).toBe(true);
  });

  it('are looked at again by the device itself while the edge is away', async () => {
    const { frames, edge } = setUp(2);
    await frames(20);
    edge.state = 'away';
    const answers = await frames(200);
    const second = answers.filter(twice).map(({ placement }) => placement);
    expect(second.length).toBeGreaterThan(0);
    expect(new Set(second.map(({ nodeId, variant }) => `${nodeId} ${variant}`))).toEqual(
      new Set(['device-1 large']),
    );
  });

  it('turn to the device for their second look when the edge fails under them', async () => {
    const { frames, edge } = setUp(2);
    await frames(20);
    edge.state = 'fails';
    const unsure = (await frames(30)).filter((answer) => answer.looks.length > 1);
    const [first] = unsure;
    expect(first!.looks.map(({ placement, failure }) => [placement?.nodeId, failure])).toEqual([
      ['device-1', undefined],
      ['edge-1', 'UNAVAILABLE'],
      ['device-1', undefined],
    ]);
    expect(unsure.every(({ placement, classification }) => placement.variant === classification!.label)).toBe(
      true,
    );
  });
});
