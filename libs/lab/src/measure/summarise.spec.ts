import { seededRandom } from '@weir/base';
import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { CostTable } from './cost-table.ts';
import type { CandidateRecord } from './contest.ts';
import { rotated } from './contest.ts';
import type { EpochRecord } from './epochs.ts';
import { interactionsToFound } from './learning-curve.ts';
import { predictionQuality, summarise } from './summarise.ts';

/** One device that can run `large` (100 ms, 0.9) or `small` (40 ms, 0.7). */
const table = new CostTable({
  deviceIds: ['a'],
  nodes: [],
  variants: [
    { name: 'large', accuracy: 0.9 },
    { name: 'small', accuracy: 0.7 },
  ],
  localVariants: ['large', 'small'],
});
table.observeLocal('a', 'large', 100);
table.observeLocal('a', 'small', 40);

const epoch = (
  variant: string,
  {
    responseMs = table.localMs('a', variant),
    explored = false,
    correct = true,
    complete = true,
    known = variant,
  } = {},
): EpochRecord => ({
  learner: 'planner',
  explored,
  complete,
  at: 1_000,
  failures: [],
  responseMs,
  planningMs: 1,
  pushMs: 2,
  bestKnown: [{ deviceId: 'a', tier: 'device', nodeId: 'a', variant: known }],
  placements: [{ deviceId: 'a', tier: 'device', nodeId: 'a', variant }],
  answers: [
    {
      deviceId: 'a',
      sample: { file: 'a.png', image: new Uint8Array(), label: 'cat' },
      correct,
      clientMs: responseMs,
      response: agent.InferResponse.fromPartial({
        responseMs,
        expectedAccuracy: variant === 'large' ? 0.9 : 0.7,
        placement: { tier: common.Tier.DEVICE, nodeId: 'a', variant },
      }),
    },
  ],
});
const record = (label: string, measured: EpochRecord[], learning: EpochRecord[] = []): CandidateRecord => ({
  label,
  learning,
  measured,
});

describe('interactionsToFound', () => {
  const found = (floor: number, ...epochs: EpochRecord[]) =>
    interactionsToFound(epochs, table, { floor, oracleMs: floor > 0.7 ? 100 : 40 });

  it('counts the epochs up to the last in which something worse was thought the best', () => {
    expect(found(0, epoch('small'), epoch('large'), epoch('small'), epoch('small'))).toBe(2);
    expect(found(0, epoch('small'), epoch('small'))).toBe(0);
  });

  it('asks what a learner knows, not what it tries', () => {
    expect(found(0, epoch('small'), epoch('large', { known: 'small' }))).toBe(0);
    expect(found(0, epoch('small', { known: 'large' }))).toBeNull();
  });

  it('does not take what is below the floor for found', () => {
    expect(found(0.8, epoch('large', { known: 'small' }))).toBeNull();
    expect(found(0.8, epoch('large', { known: 'small' }), epoch('large'))).toBe(1);
  });
});

describe('summarise', () => {
  const oracle = { meanMs: 40, accuracy: 0.7, placements: [], compared: 2 };
  const results = summarise({
    table,
    oracle,
    floor: 0.8,
    startedAt: 400,
    blocks: 1,
    random: seededRandom(1),
    records: [
      record('oracle', [epoch('small'), epoch('small')]),
      record(
        'planner',
        [epoch('small', { responseMs: 44 }), epoch('small', { responseMs: 40, correct: false })],
        [epoch('large')],
      ),
      record('offload-only', [epoch('large'), epoch('large', { complete: false })]),
    ],
  });
  const of = (name: string) => results.find(({ learner }) => learner === name)!;

  it('compares what was measured with the oracle and with offload-only of the same run', () => {
    expect(of('planner').steadyMs.mean).toBe(42);
    expect(of('planner').gapToOraclePct).toBeCloseTo(5, 9);
    expect(of('planner').overOffloadOnlyPct).toBeCloseTo(-58, 9);
    expect(of('planner').interactionsTo5pct).toBeNull();
  });

  it('gives the gap its interval over the pairs of epochs, and the oracle none', () => {
    // Resamples of two epochs, 44 and 40 ms against 40 of the oracle.
    expect(of('planner').gapToOracleIntervalPct!.low).toBeCloseTo(0, 9);
    expect(of('planner').gapToOracleIntervalPct!.high).toBeCloseTo(10, 9);
    expect(of('offload-only').gapToOracleIntervalPct).toBeNull();
    expect(of('oracle').gapToOracleIntervalPct).toBeNull();
  });

  it('leaves out what was not complete, and counts it', () => {
    expect(of('offload-only')).toMatchObject({ epochs: 2, discarded: 1, accuracy: { n: 1 } });
  });

  it('compares accuracies frame by frame, on the same pictures', () => {
    // Of two pictures one was shown to both with a complete epoch: both were right.
    expect(of('planner').accuracyOverOffloadOnly!.mean).toBe(0);
    expect(of('planner').accuracy).toMatchObject({ n: 2, expected: 0.7, top1: { mean: 0.5 } });
  });

  it('tells when each epoch ran, and what it counted for', () => {
    expect(of('planner').curve.map(({ epoch, atMs, phase }) => [epoch, atMs, phase])).toEqual([
      [1, 600, 'learning'],
      [2, 600, 'measured'],
      [3, 600, 'measured'],
    ]);
  });

  it('counts epochs below the floor, those of learning too', () => {
    expect(of('planner').floorViolations).toBe(2);
    expect(of('offload-only').floorViolations).toBe(0);
  });

  it('tells how well the table foretold', () => {
    const quality = predictionQuality(
      [record('x', [epoch('small', { responseMs: 50 }), epoch('large')])],
      table,
    );
    expect(quality.epochs).toBe(2);
    expect(quality.biasPct).toBeCloseTo(-10, 9);
    expect(quality.meanAbsoluteErrorPct).toBeCloseTo(10, 9);
  });
});

describe('the order of turns', () => {
  it('lets everyone be first, and turns round every second time', () => {
    expect([0, 1, 2, 3].map((turn) => rotated(3, turn))).toEqual([
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [0, 2, 1],
    ]);
  });
});
