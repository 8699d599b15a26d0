import { seededRandom } from '@weir/base';
import type { Variant } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { Beliefs } from './beliefs.ts';
import { priorOf } from './fleet-prior.ts';
import type { CostBlockState } from './cost-block.ts';
import { type BeliefPrior, priorSchema } from './prior.ts';
import type { BeliefState } from './state.ts';
import { type CellWitness, witnessOf } from './witness.ts';

const [large, small, quantised]: [Variant, Variant, Variant] = [
  { name: 'large', macs: 569e6, precision: 'fp32', accuracy: 0.9 },
  { name: 'small', macs: 150e6, precision: 'fp32', accuracy: 0.8 },
  { name: 'quantised', macs: 569e6, precision: 'int8', accuracy: 0.88 },
];
/** Where the weights of a device's block are. */
const [work, int8] = [1, 2];

interface CellOptions {
  /** Time of a unit of work in FP32, ms. */
  readonly unitMs: number;
  /** What INT8 saves is 1 − this. @default 0.3 */
  readonly int8Share?: number;
  readonly runs?: readonly Variant[];
  readonly devices?: number;
  readonly prior?: BeliefPrior | undefined;
}

let seed = 0;
function cell({
  unitMs,
  int8Share = 0.3,
  runs = [large, small],
  devices = 1,
  prior,
}: CellOptions): CellWitness {
  const random = seededRandom(++seed);
  const beliefs = new Beliefs({ prior });
  beliefs.setVariants([large, small, quantised]);
  for (let device = 0; device < devices; device++)
    for (let frame = 0; frame < 60; frame++) {
      const variant = runs[frame % runs.length]!;
      const share = variant.precision === 'int8' ? int8Share : 1;
      const ms = (0.04 + (variant.macs / 569e6) * share) * unitMs * Math.exp(0.03 * random.normal());
      beliefs.observeLocal(`camera-${device}`, variant.name, ms);
    }
  return witnessOf(beliefs.state());
}

const cells = (count: number, options: (at: number) => CellOptions): CellWitness[] =>
  Array.from({ length: count }, (_, at) => cell(options(at)));
const alike = (count: number): CellWitness[] => cells(count, () => ({ unitMs: 100 }));

/** Mean and deviation of a weight of a device's block, ms. */
function weight(witnesses: readonly CellWitness[], at: number): { mean: number; deviation: number } {
  const { mean, covariance } = priorOf(witnesses)!.blocks.local!;
  return { mean: mean[at]!, deviation: Math.sqrt(covariance[at * (mean.length + 1)]!) };
}

describe('a prior from many cells', () => {
  it('is the surer of a weight the more cells have tested it', () => {
    const deviations = [1, 4, 20].map((count) => weight(alike(count), work).deviation);
    expect(deviations).toEqual([...deviations].sort((a, b) => b - a));
    expect(deviations[0]).toBeGreaterThan(50);
    expect(deviations[2]).toBeLessThan(30);
  });

  it('leaves a weight that nobody has tested as unsure as it was', () => {
    const { mean, deviation } = weight(alike(20), int8);
    expect(mean / 100).toBeCloseTo(0.6, 1);
    expect(deviation).toBeGreaterThan(0.2 * 100);
  });

  it('takes a weight that few have tested from them', () => {
    const few = cells(3, () => ({ unitMs: 100, runs: [large, small, quantised] }));
    expect(weight([...alike(9), ...few], int8).mean).toBeLessThan(45);
  });

  it('is as unsure as the cells lie apart', () => {
    const apart = cells(20, (at) => ({ unitMs: at % 2 === 0 ? 60 : 180 }));
    const { mean, deviation } = weight(apart, work);
    expect(mean).toBeGreaterThan(100);
    expect(mean).toBeLessThan(140);
    expect(deviation).toBeGreaterThan(50);
  });

  it.each([
    ['ten thousand times as slow', 1_000_000],
    ['a thousand times as fast', 0.1],
  ])('is hardly moved by one cell that is %s', (_what, unitMs) => {
    const others = cells(7, (at) => ({ unitMs: 90 + 3 * at }));
    const [honest, disturbed] = [weight(others, work), weight([...others, cell({ unitMs })], work)];
    expect(Math.abs(disturbed.mean - honest.mean)).toBeLessThan(honest.deviation);
    expect(disturbed.deviation).toBeLessThan(2 * honest.deviation);
    expect(disturbed.deviation).toBeGreaterThan(honest.deviation / 2);
  });

  it('counts a cell once, however many devices it has', () => {
    const crowd = cell({ unitMs: 130, devices: 50 });
    const one = cell({ unitMs: 130 });
    const others = alike(3);
    expect(weight([...others, crowd], work).mean).toBeCloseTo(weight([...others, one], work).mean, 0);
  });

  it('does not take for tested what cells have only begun with', () => {
    const tested = cells(20, () => ({ unitMs: 100, runs: [large, small, quantised] }));
    const prior = priorOf(tested)!;
    expect(weight(tested, int8).deviation).toBeLessThan(20);
    const heirs = cells(20, () => ({ unitMs: 100, prior }));
    for (const { roles } of heirs) expect(roles.get('local')!.tested[int8]).toBe(0);
    expect(weight(heirs, int8).deviation).toBeGreaterThan(20);
    expect(weight([...tested, ...heirs], int8).mean).toBeCloseTo(weight(tested, int8).mean, 0);
  });

  it('is spoiled by no block of other weights than its role has', () => {
    const [honest, broken] = alike(2).map((_, at) => {
      const beliefs = new Beliefs();
      beliefs.setVariants([large]);
      for (let frame = 0; frame < 20; frame++) beliefs.observeLocal(`camera-${at}`, 'large', 100);
      return beliefs.state();
    });
    const [[name, block]] = broken!.local.blocks as [[string, CostBlockState]];
    const empty = { ...block, residuals: [], weights: { mean: [], covariance: [] } };
    const spoilt = { ...broken!, local: { ...broken!.local, blocks: [[name, empty]] } } as BeliefState;
    const prior = priorOf([witnessOf(honest!), witnessOf(spoilt)]);
    expect(priorSchema.parse(JSON.parse(JSON.stringify(prior)))).toMatchObject({ cells: 1 });
  });

  it('is none where no cell has measured anything', () => {
    expect(priorOf([witnessOf(new Beliefs().state())])).toBeUndefined();
  });
});
