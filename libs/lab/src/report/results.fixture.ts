import { seededRandom, type Random } from '@weir/base';
import type { Tier } from '@weir/domain';
import type {
  AdaptationResult,
  ArrivalsResult,
  ArrivalsRule,
  CurvePoint,
  Estimate,
  ExperimentResult,
  LearnerResult,
  LearningResult,
  LooksResult,
  Overheads,
  Results,
  TransferResult,
} from '../measure/results.ts';

/** FAKE results for specs and for looking at the report: made up from a seed, never measured. */
export function fakeResults(seed = 1): Results {
  const random = seededRandom(seed);
  const experiments = ['A', 'B', 'C', 'D'].flatMap((experiment) => [
    ...fakeFloors.map((floor) => fakeExperiment({ experiment, users: 5, floor: floor.label }, random)),
    ...[1, 2, 3, 4].map((users) => fakeExperiment({ experiment, users, floor: '89' }, random)),
  ]);
  return {
    format: 'weir.lab',
    version: 1,
    startedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: '2026-01-02T04:56:35.000Z',
    command: 'weir lab reproduce --seed 1 (FAKE: fixture of the specs)',
    quick: false,
    seed,
    machine: { processor: 'Fixture processor', cores: 2, node: 'v24.0.0' },
    emulated: [
      'links: a TCP relay with one-way delay and rate for each (regular 2 ms, weak 20 ms)',
      'processor speeds: workers compute for real and hold their slot for the reference time of the tier',
    ],
    floors: fakeFloors,
    units: [
      ...experiments,
      ...fakeFloors.map(({ label }) =>
        fakeExperiment({ experiment: 'A', users: 5, floor: label, accuracies: 'published' }, random),
      ),
      ...[0.3, 0.6, 0.9].map((load) => fakeArrivals(load, 'poisson', random)),
      fakeArrivals(0.6, 'periodic', random),
      fakeLearning(5, random),
      fakeLearning(2, random),
      fakeAdaptation(random),
      fakeTransfer(random),
    ],
    notes: ['D, 5 users, floor 85: planner +6.1 %; the table’s bias there is +4.8 %.'],
  };
}

export const fakeFloors = [
  { label: 'none', paper: 0, measured: 0, published: 0 },
  { label: '80', paper: 0.8, measured: 0.828, published: 0.8 },
  { label: '85', paper: 0.85, measured: 0.843, published: 0.85 },
  { label: '89', paper: 0.89, measured: 0.861, published: 0.89 },
  { label: 'best', paper: 0.899, measured: 0.868, published: 0.899 },
] as const;

interface FakeExperiment {
  readonly experiment: string;
  readonly users: number;
  readonly floor: string;
  readonly accuracies?: 'measured' | 'published';
}

/** Fastest means at five users without a floor; each floor costs a little. */
const speeds: Readonly<Record<string, number>> = {
  oracle: 1,
  planner: 1.015,
  'offload-only': 1.56,
  'device-only': 1.85,
  'edge-only': 4.4,
  'cloud-only': 4.7,
  hybrid: 1.1,
  'q-learning-masked': 1.45,
  dqn: 1.9,
};

export function fakeExperiment(
  { experiment, users, floor, accuracies = 'measured' }: FakeExperiment,
  random: Random,
): ExperimentResult {
  const level = fakeFloors.findIndex(({ label }) => label === floor);
  const base = (150 + 24 * users) * [0.55, 0.8, 0.9, 1, 1.2][level]! + 'ABCD'.indexOf(experiment) * 9;
  const meanOf = (name: string) =>
    base * (name === 'oracle' ? 1 : 1 + (speeds[name]! - 1) * (users / 5)) * noisy(random, 0.01);
  const means = new Map(Object.keys(speeds).map((name) => [name, meanOf(name)]));
  const learners = [...means].map(([learner, meanMs]) =>
    fakeLearner(
      {
        learner,
        meanMs,
        oracleMs: means.get('oracle')!,
        offloadOnlyMs: means.get('offload-only')!,
        level,
        users,
      },
      random,
    ),
  );
  return {
    kind: 'epochs',
    name: `${experiment}-${users}-${floor}-${accuracies}`,
    title: `${experiment}, ${users} users, floor ${floor}`,
    experiment,
    users,
    accuracies,
    floor: { label: floor, value: fakeFloors[level]![accuracies] },
    seed: 1,
    seconds: 120,
    oracle: {
      meanMs: base,
      accuracy: 0.866,
      placements: Array.from({ length: users }, (_, at) => ({
        deviceId: `device-${at + 1}`,
        tier: at === 0 ? 'edge' : 'device',
        nodeId: at === 0 ? 'edge' : `device-${at + 1}`,
        variant: at === 0 ? variants[0] : variants[1],
      })),
      compared: 10 ** users,
      offloadOnlyMs: means.get('offload-only')!,
    },
    costTable: { local: [], remote: [], network: [] },
    prediction: { epochs: 900, meanAbsoluteErrorPct: 2.4 * noisy(random, 0.2), biasPct: random.normal() },
    learners,
    overheads: fakeOverheads(random),
  };
}

const variants = [
  'mobilenet-v1-1.00-fp32',
  'mobilenet-v1-1.00-int8',
  'mobilenet-v1-0.50-int8',
  'mobilenet-v1-0.25-int8',
] as const;

interface FakeLearner {
  readonly learner: string;
  readonly meanMs: number;
  readonly oracleMs: number;
  readonly offloadOnlyMs: number;
  readonly level: number;
  readonly users: number;
}

function fakeLearner(
  { learner, meanMs, oracleMs, offloadOnlyMs, level, users }: FakeLearner,
  random: Random,
): LearnerResult {
  const best = learner.endsWith('-only');
  const expected = best ? 0.868 : [0.813, 0.832, 0.848, 0.863, 0.868][level]!;
  const local = { 'device-only': 1, 'offload-only': 0.2, 'edge-only': 0, 'cloud-only': 0 }[learner] ?? 0.8;
  const gapPct = (meanMs / oracleMs - 1) * 100;
  const far: Tier = learner === 'cloud-only' ? 'cloud' : 'edge';
  return {
    learner,
    epochs: 120,
    discarded: 2,
    responseMs: { mean: meanMs, p50: meanMs * 0.97, p95: meanMs * 1.4, p99: meanMs * 1.8 },
    steadyMs: estimate(meanMs, meanMs * 0.015),
    accuracy: { top1: estimate(expected + random.normal() * 0.006, 0.02), n: 110 * users, expected },
    looks: learner === 'planner' ? fakeLooks(expected) : lookedOnce(expected),
    interactionsTo5pct: learner === 'dqn' ? null : 4 + random.integer(20),
    gapToOraclePct: gapPct,
    gapToOracleIntervalPct: learner === 'oracle' ? null : { low: gapPct - 1.4, high: gapPct + 1.6 },
    overOffloadOnlyPct: (meanMs / offloadOnlyMs - 1) * 100,
    accuracyOverOffloadOnly: best ? null : estimate((expected - 0.868) * 100 + random.normal() * 0.1, 0.7),
    floorViolations: learner === 'dqn' ? 31 : 0,
    placements: [
      { tier: 'device' as const, variant: variants[1], share: best ? 0 : local * 0.6 },
      {
        tier: 'device' as const,
        variant: best ? variants[0] : variants[level < 2 ? 3 : 2],
        share: best ? local : local * 0.4,
      },
      { tier: far, variant: variants[0], share: 1 - local },
    ].filter(({ share }) => share > 0),
    hopsMs: {
      agentMs: 0.4,
      uplinkMs: learner === 'device-only' ? 0 : meanMs * 0.08,
      queueMs: meanMs * 0.2,
      decodeMs: 1.1,
      computeMs: meanMs * 0.66,
      downlinkMs: learner === 'device-only' ? 0 : meanMs * 0.05,
    },
    curve: fakeCurve({ epochs: 60, oracleMs, startPct: 60, halfLife: 5, exploring: 0.1 }, random),
  };
}

interface FakeCurve {
  readonly epochs: number;
  readonly oracleMs: number;
  readonly startPct: number;
  readonly halfLife: number;
  readonly exploring: number;
}

function fakeCurve(
  { epochs, oracleMs, startPct, halfLife, exploring }: FakeCurve,
  random: Random,
): CurvePoint[] {
  return Array.from({ length: epochs }, (_, at) => {
    const explored = random.uniform() < exploring;
    const excess =
      startPct * 0.5 ** (at / halfLife) * (0.6 + random.uniform() * 0.4) +
      (explored ? random.exponential(40) : 0);
    const tableMs = oracleMs * (1 + Math.round(excess) / 100);
    const bestKnownMs = explored ? oracleMs : tableMs;
    const responseMs = tableMs * noisy(random, 0.05);
    const atMs = 400 * at;
    return {
      epoch: at + 1,
      atMs,
      phase: 'learning',
      tableMs,
      bestKnownMs,
      responseMs,
      accuracy: 0.863,
      explored,
      devices: [],
    };
  });
}

function fakeArrivals(load: number, pattern: 'poisson' | 'periodic', random: Random): ArrivalsResult {
  const fixedMs = (pattern === 'poisson' ? 420 : 300) * (1 + load ** 4 * 2);
  const rule = (name: string, meanMs: number): ArrivalsRule => ({
    rule: name,
    frames: 2_000,
    curve: [],
    failed: 0,
    responseMs: { mean: meanMs, p50: meanMs * 0.8, p95: meanMs * 2.1, p99: meanMs * 3 },
    meanMs: estimate(meanMs, meanMs * 0.05),
    accuracy: { top1: estimate(0.862, 0.015), n: 2_000, expected: 0.8635 },
    looks: name === 'default' ? fakeLooks(0.8635) : null,
    floorViolations: name === 'bandits' ? 412 : 0,
    warmup: { frames: 500, floorViolations: name === 'bandits' ? 100 : 0 },
    learning: name === 'static' ? null : { frames: 180, floorViolations: name === 'bandits' ? 31 : 0 },
    overStaticPct: (meanMs / fixedMs - 1) * 100,
    placements: [{ tier: 'device', variant: variants[1], share: 1 }],
    hopsMs: { agentMs: 0.4, queueMs: meanMs * 0.3, computeMs: meanMs * 0.7 },
    reasons: { planned: 1_500, priced: 500 },
  });
  return {
    kind: 'arrivals',
    name: `${pattern}-${load}`,
    title: `${pattern} arrivals at ${load}`,
    users: 5,
    pattern,
    load,
    framesPerSecondAndDevice: load * 2.2,
    floor: { label: '89', value: 0.861 },
    seed: 1,
    seconds: 180,
    static: { predictedMs: fixedMs * 0.96, placements: [] },
    rules: [
      rule('default', 280 * (1 + load ** 4 * 0.3) * noisy(random, 0.01)),
      rule('static', fixedMs),
      rule('offload-only', fixedMs * 1.3),
      rule('bandits', fixedMs * 0.9),
    ],
    overheads: fakeOverheads(random),
  };
}

function fakeLearning(users: number, random: Random): LearningResult {
  const oracleMs = 271;
  const kinds = {
    planner: 2,
    hybrid: 12,
    'q-learning-masked': 90,
    'q-learning': 150,
    dqn: 250,
    'dqn-masked': 120,
  };
  return {
    kind: 'learning',
    name: `learning-${users}`,
    title: 'Experiment A, floor 89',
    users,
    seed: 1,
    seconds: 400,
    oracleMs,
    learners: Object.entries(kinds).map(([learner, halfLife]) => ({
      learner,
      interactionsTo5pct: halfLife > 200 ? null : halfLife * 3,
      floorViolations: learner === 'dqn' ? 200 : 0,
      curve: fakeCurve(
        { epochs: 600, oracleMs, startPct: 180, halfLife, exploring: halfLife < 5 ? 0.05 : 0.2 },
        random,
      ),
    })),
  };
}

function fakeAdaptation(random: Random): AdaptationResult {
  const oracle = [
    { epoch: 1, meanMs: 268 },
    { epoch: 80, meanMs: 296 },
    { epoch: 160, meanMs: 268 },
  ];
  const follow = (learner: string, lag: number, factor: number) => ({
    learner,
    recoveryEpochs: [lag, lag > 10 ? null : lag + 2],
    curve: oracle.flatMap(({ epoch, meanMs }) =>
      fakeCurve(
        { epochs: 80, oracleMs: meanMs * factor, startPct: 70, halfLife: lag, exploring: 0.06 },
        random,
      ).map((point) => ({ ...point, epoch: point.epoch + epoch - 1 })),
    ),
  });
  return {
    kind: 'adaptation',
    name: 'adaptation',
    title: 'A link goes weak and recovers: experiment A, 5 users, floor 89',
    seed: 1,
    seconds: 300,
    events: [
      { epoch: 80, label: 'the link of device-1 goes weak' },
      { epoch: 160, label: 'the link of device-1 recovers' },
    ],
    oracle,
    learners: [follow('planner', 2, 1.01), follow('offload-only', 3, 1.5), follow('hybrid', 14, 1.08)],
  };
}

function fakeTransfer(random: Random): TransferResult {
  return {
    kind: 'transfer',
    name: 'transfer-planner',
    title: 'Planner from A at 85 to B at 89',
    from: 'A, floor 85',
    to: 'B, floor 89',
    learner: 'planner',
    seed: 1,
    seconds: 200,
    oracleMs: 277,
    starts: [
      {
        start: 'scratch',
        interactionsTo5pct: 14,
        regretMs: 2_310,
        curve: fakeCurve({ epochs: 100, oracleMs: 277, startPct: 200, halfLife: 5, exploring: 0.1 }, random),
      },
      {
        start: 'snapshot',
        interactionsTo5pct: 2,
        regretMs: 240,
        curve: fakeCurve(
          { epochs: 100, oracleMs: 277, startPct: 19, halfLife: 1.5, exploring: 0.05 },
          random,
        ),
      },
    ],
  };
}

const lookedOnce = (accuracy: number): LooksResult => ({
  share: 0,
  firstRight: accuracy,
  agreed: null,
  coverage: [{ first: 1, accuracy }],
});

/** A quarter of the frames is looked at again, which gains three points. */
function fakeLooks(accuracy: number): LooksResult {
  const coverage = [0, 0.05, 0.1, 0.15, 0.2, 0.25].map((share) => {
    return { first: 1 - share, accuracy: accuracy - 0.48 * (0.25 - share) ** 2 };
  });
  return { share: 0.25, firstRight: coverage[0]!.accuracy, agreed: 0.7, coverage };
}

const fakeOverheads = (random: Random): Overheads => ({
  planningMs: { mean: 0.9, p50: 0.7 * noisy(random, 0.1), p95: 1.9, p99: 4 },
  pushMs: { mean: 2.4, p50: 2 * noisy(random, 0.1), p95: 5, p99: 9 },
  agentMs: 0.31 * noisy(random, 0.1),
  bytesPerRemoteInference: { up: 13_240, down: 410 },
  processorShare: { telemetry: 0.012, policy: 0.034, agents: 0.061, workers: 0.52 },
});

const estimate = (mean: number, half: number): Estimate => ({ mean, low: mean - half, high: mean + half });

const noisy = (random: Random, share: number): number => 1 + random.normal() * share;
