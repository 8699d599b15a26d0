import type { UnitResult } from '@weir/lab';
import { describe, expect, it } from 'vitest';
import { unitTable } from './unit-table.ts';

type Epochs = Extract<UnitResult, { readonly kind: 'epochs' }>;
type Arrivals = Extract<UnitResult, { readonly kind: 'arrivals' }>;

const nothing = { mean: null, p50: null, p95: null, p99: null };
const estimate = { mean: 1, low: 1, high: 1 };
const rule: Arrivals['rules'][number] = {
  rule: 'static',
  frames: 636,
  failed: 0,
  responseMs: nothing,
  meanMs: estimate,
  accuracy: { top1: estimate, n: 636, expected: 0.87 },
  looks: null,
  floorViolations: 2,
  warmup: { frames: 160, floorViolations: 1 },
  learning: null,
  overStaticPct: 0,
  placements: [],
  hopsMs: {},
  reasons: {},
  curve: [],
};
const overheads: Epochs['overheads'] = {
  planningMs: nothing,
  pushMs: nothing,
  agentMs: 1,
  bytesPerRemoteInference: null,
  processorShare: null,
};
const arrivals: Arrivals = {
  kind: 'arrivals',
  name: 'poisson-30',
  title: 'Poisson',
  users: 5,
  pattern: 'poisson',
  load: 0.3,
  framesPerSecondAndDevice: 1,
  floor: { label: '89', value: 0.868 },
  seed: 1,
  seconds: 200,
  static: { predictedMs: 300, placements: [] },
  rules: [rule, { ...rule, rule: 'default', learning: { frames: 40, floorViolations: 0 } }],
  overheads,
};
const learner: Epochs['learners'][number] = {
  learner: 'oracle',
  epochs: 60,
  discarded: 0,
  responseMs: nothing,
  steadyMs: estimate,
  accuracy: { top1: estimate, n: 300, expected: 0.87 },
  looks: null,
  interactionsTo5pct: 0,
  gapToOraclePct: 0,
  gapToOracleIntervalPct: null,
  overOffloadOnlyPct: null,
  accuracyOverOffloadOnly: null,
  floorViolations: 0,
  placements: [],
  hopsMs: {},
  curve: [],
};
const epochs: Epochs = {
  kind: 'epochs',
  name: 'a-89',
  title: 'Experiment A',
  users: 5,
  accuracies: 'measured',
  floor: { label: '89', value: 0.868 },
  seed: 1,
  seconds: 200,
  oracle: { meanMs: 232, accuracy: 0.868, placements: [], compared: 100_000, offloadOnlyMs: 420 },
  costTable: { local: [], remote: [], network: [] },
  prediction: { epochs: 100, meanAbsoluteErrorPct: 1, biasPct: 0 },
  learners: [
    learner,
    {
      ...learner,
      learner: 'planner',
      gapToOraclePct: -1.13,
      gapToOracleIntervalPct: { low: -2.41, high: 0.2 },
      looks: { share: 0.25, firstRight: 0.84, agreed: 0.7, coverage: [] },
    },
  ],
  overheads,
};

/** Cells of the row that begins with `first`. */
const row = (unit: UnitResult, first: string): string[] =>
  unitTable(unit)
    .split('\n')
    .map((line) => line.split('│').map((cell) => cell.trim()))
    .find(([, cell]) => cell === first)!
    .slice(1, -1);

describe('a result for people', () => {
  it('tells the gap to the oracle with its interval', () => {
    expect(row(epochs, 'learner')[3]).toBe('over oracle (95 %)');
    expect(row(epochs, 'oracle')[3]).toBe('0.0 %');
    expect(row(epochs, 'planner')[3]).toBe('-1.1 % (-2.4 to +0.2)');
  });

  it('tells the share of frames that were looked at twice, where that is known', () => {
    expect(row(epochs, 'learner')[6]).toBe('looked twice');
    expect([row(epochs, 'oracle')[6], row(epochs, 'planner')[6]]).toEqual(['–', '25.0 %']);
  });

  it('tells which rules did not run, as they cannot meet the floor', () => {
    expect(unitTable(epochs)).not.toContain('did not run');
    for (const unit of [epochs, arrivals])
      expect(unitTable({ ...unit, unable: ['hi-lcb'] })).toContain('lets it meet the floor: hi-lcb');
  });

  it('tells frames below the floor of how many, for each phase apart', () => {
    expect(row(arrivals, 'rule').slice(-3)).toEqual(['below floor', 'in warm-ups', 'while learning']);
    expect(row(arrivals, 'static').slice(-3)).toEqual(['2 of 636', '1 of 160', '–']);
    expect(row(arrivals, 'default').slice(-3)).toEqual(['2 of 636', '1 of 160', '0 of 40']);
  });
});
