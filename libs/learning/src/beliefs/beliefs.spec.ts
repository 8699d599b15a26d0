import { seededRandom } from '@weir/base';
import type { ComputeNode, Variant } from '@weir/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Beliefs } from './beliefs.ts';
import type { CostView } from './cost-view.ts';
import { workOf } from './features.ts';
import { localFeatures } from './local-beliefs.ts';
import { beliefSchema } from './state.ts';

const variants: readonly Variant[] = [
  { name: 'large', macs: 500e6, precision: 'fp32', accuracy: 0.9 },
  { name: 'small', macs: 50e6, precision: 'int8', accuracy: 0.75 },
];
const edge: ComputeNode = { id: 'edge', tier: 'edge', slots: 2, variants: ['large', 'small'] };

function beliefs(family: readonly Variant[] = variants) {
  const made = new Beliefs();
  made.setVariants(family);
  made.setNodes([edge]);
  return made;
}
const use = (variant: string, concurrency = 1) => ({ nodeId: 'edge', variant, concurrency, load: 0 });
const link = (deviceId: string) => ({ deviceId, nodeId: 'edge', class: 'regular' as const, roundTripMs: 0 });

describe('beliefs', () => {
  it('belong to names: another order after a restart changes nothing', () => {
    const before = beliefs();
    for (let i = 0; i < 20; i++) {
      before.observeLocal('a', 'large', 200);
      before.observeLocal('a', 'small', 100);
      before.observeCompute(use('large'), 60, 'a');
      before.observeCompute(use('small', 2), 25, 'b');
    }
    const after = beliefs([...variants].reverse());
    after.restore(beliefSchema.parse(JSON.parse(JSON.stringify(before.state()))));
    const times = (of: Beliefs) => {
      const view = of.view();
      return ['large', 'small'].flatMap((name) => [view.localMs('a', name), view.computeMs(use(name, 2))]);
    };
    expect(times(after)).toEqual(times(before));
    expect(times(after)[0]).toBeCloseTo(200, -1);
    expect(times(after)[2]).toBeCloseTo(100, -1);
  });

  it('keep their meaning when a variant ten times as large joins', () => {
    const known = beliefs();
    for (let i = 0; i < 20; i++) known.observeLocal('a', 'large', 200);
    const before = known.view().localMs('a', 'large');
    known.setVariants([{ name: 'huge', macs: 5e9, precision: 'fp32', accuracy: 0.95 }, ...variants]);
    expect(known.view().localMs('a', 'large')).toBe(before);
    expect(known.view().localMs('a', 'huge')).toBeGreaterThan(5 * before);
  });

  it('draw the same whatever is asked for first', () => {
    const known = beliefs();
    known.observeLocal('a', 'large', 200);
    const draw = () => known.view({ random: seededRandom(3), observations: Infinity });
    const [one, other] = [draw(), draw()];
    // What was measured, and what has residuals that no weight stands for yet.
    const asks = [
      (view: CostView) => view.localMs('a', 'large'),
      (view: CostView) => view.localMs('b', 'small'),
      (view: CostView) => view.computeMs(use('small')),
      (view: CostView) => view.networkMs(link('a')),
    ];
    const first = asks.map((ask) => ask(one));
    const second = [...asks].reverse().map((ask) => ask(other));
    expect(second.reverse()).toEqual(first);
  });

  it('are drawn widely while little is known, and hardly where only noise is left to learn', () => {
    /** Spread of draws of a time over the posterior's own. */
    const shareAfter = (observations: number) => {
      const random = seededRandom(9);
      const known = beliefs();
      for (let i = 0; i < observations; i++)
        known.observeLocal('a', 'large', 200 * Math.exp(0.2 * random.normal()));
      const draws = Array.from({ length: 400 }, (_, seed) =>
        known.view({ random: seededRandom(seed), observations: 5 }).localMs('a', 'large'),
      );
      const mean = draws.reduce((sum, each) => sum + each, 0) / draws.length;
      const variance = draws.reduce((sum, each) => sum + (each - mean) ** 2, 0) / draws.length;
      const block = known.local.block('a');
      const { indices, values } = localFeatures(block, 'large', workOf(variants[0]!), false);
      return Math.sqrt(variance / block.weights.predict(indices, values).variance);
    };
    expect(shareAfter(1)).toBeGreaterThan(0.7);
    expect(shareAfter(400)).toBeLessThan(0.3);
  });

  it('expect of a device without measurements what the devices beside it have: the median', () => {
    const known = beliefs();
    for (const [deviceId, ms] of [
      ['a', 40],
      ['b', 44],
      ['c', 1e6],
    ] as const)
      known.observeNetwork(link(deviceId), ms);
    expect(known.view().networkMs(link('new'))).toBeCloseTo(44);
    for (const [deviceId, ms] of [
      ['a', 900],
      ['b', 1_000],
      ['c', 1e-3],
    ] as const)
      known.observeLocal(deviceId, 'large', ms);
    expect(known.view().localMs('new', 'large')).toBeGreaterThan(700);
    expect(known.view().localMs('new', 'large')).toBeLessThan(1_300);
  });

  it('learn what each further inference and each bit of load costs, and say it of contexts never met', () => {
    const shared: ComputeNode = { ...edge, slots: 8 };
    const [crowded, loaded] = [beliefs(), beliefs()];
    for (const known of [crowded, loaded]) known.setNodes([shared]);
    for (let i = 0; i < 60; i++)
      for (const step of [0, 1, 2, 3]) {
        crowded.observeCompute(use('large', 1 + step), 60 * (1 + 0.1 * step), 'a');
        loaded.observeCompute({ ...use('large'), load: step / 8 }, 60 * (1 + 0.1 * step), 'a');
      }
    expect(crowded.view().computeMs(use('large', 7)) / 96).toBeCloseTo(1, 1);
    expect(loaded.view().computeMs({ ...use('large'), load: 6 / 8 }) / 96).toBeCloseTo(1, 1);
  });

  it('learn what the slots cannot take at once, and say it of contexts never met', () => {
    const known = beliefs();
    // Free up to two slots; beyond, everything shares them.
    const truth = (concurrency: number) => 60 * Math.max(1, concurrency / 2);
    for (let i = 0; i < 60; i++)
      for (const concurrency of [1, 2, 3, 4])
        known.observeCompute(use('large', concurrency), truth(concurrency), 'a');
    for (const concurrency of [6, 8])
      expect(known.view().computeMs(use('large', concurrency)) / truth(concurrency)).toBeCloseTo(1, 0.7);
    expect(known.view().computeMs(use('large', 8)) / truth(8)).toBeGreaterThan(0.85);
  });

  it.each([NaN, Infinity, -1, 86_400_001])('learn nothing from %s ms, which is no time of a day', (ms) => {
    const known = beliefs();
    known.observeCompute(use('large'), 60, 'a');
    known.observeLocal('a', 'large', 300);
    known.observeNetwork(link('a'), 30);
    const before = JSON.stringify(known.state());
    known.observeCompute(use('large'), ms, 'a');
    known.observeLocal('a', 'large', ms);
    known.observeNetwork(link('a'), ms);
    expect(JSON.stringify(known.state())).toBe(before);
  });

  describe('of a node that computes together what waits', () => {
    /** Time of a batch over that of one inference. */
    const curve = new Map([
      [1, 1],
      [2, 1.3],
      [4, 1.9],
      [8, 3.4],
    ]);
    const aloneMs = { large: 60, small: 9 } as const;

    /** Batches of chance sizes, each told by the devices whose frames were in it; a share of them far too slow. */
    function batched({ batches, seed, outliers = 0 }: { batches: number; seed: number; outliers?: number }) {
      const random = seededRandom(seed);
      const known = beliefs();
      for (let i = 0; i < batches; i++) {
        const variant = random.uniform() < 0.7 ? 'large' : 'small';
        const batchSize = 2 ** random.integer(4);
        const slow = random.uniform() < outliers ? 2 * 10 ** random.uniform() : 1;
        const ms = aloneMs[variant] * curve.get(batchSize)! * slow * Math.exp(0.05 * random.normal());
        for (let frame = 0; frame < batchSize; frame++)
          known.observeCompute({ ...use(variant), batchSize }, ms, `device-${random.integer(4)}`);
      }
      return known;
    }

    it.each([1, 2, 3])('find what a frame takes alone, and how batches grow (seed %i)', (seed) => {
      const view = batched({ batches: 600, seed, outliers: 0.02 }).view();
      for (const variant of ['large', 'small'] as const)
        for (const [batchSize, factor] of curve) {
          const ms = view.computeMs({ ...use(variant), batchSize });
          expect(Math.abs(ms / (factor * aloneMs[variant]) - 1)).toBeLessThan(0.04);
        }
      expect(view.largestBatch('edge')).toBe(8);
    });

    it('take neither batches of another size nor one slow batch, however many frames tell of it, for a change', () => {
      const alarms = [1, 2, 3, 4, 5].map((seed) => batched({ batches: 2_000, seed, outliers: 0.02 }).alarms);
      expect(alarms).toEqual([0, 0, 0, 0, 0]);
    });

    it('see a node that takes twice as long by its batches', () => {
      const known = batched({ batches: 300, seed: 4 });
      for (let i = 0; i < 6; i++)
        for (const deviceId of ['a', 'b', 'c', 'd'])
          known.observeCompute({ ...use('large'), batchSize: 4 }, 2 * 60 * 1.9, deviceId);
      expect(known.alarms).toBe(1);
      expect(known.view().computeMs({ ...use('large'), batchSize: 4 }) / (2 * 60 * 1.9)).toBeCloseTo(1, 1);
    });

    it('are the same after a restart', () => {
      const before = batched({ batches: 50, seed: 1 });
      const after = beliefs();
      after.restore(beliefSchema.parse(JSON.parse(JSON.stringify(before.state()))));
      const times = (of: Beliefs) =>
        [1, 2, 8].map((batchSize) => of.view().computeMs({ ...use('large'), batchSize }));
      expect(times(after)).toEqual(times(before));
      expect(after.view().largestBatch('edge')).toBe(8);
    });

    it('expect batches as large as most devices have met, whatever one claims', () => {
      const known = beliefs();
      for (const [deviceId, batchSize] of [
        ['a', 2],
        ['liar', 1_024],
        ['b', 2],
      ] as const)
        known.observeCompute({ ...use('large'), batchSize }, 78, deviceId);
      expect(known.view().largestBatch('edge')).toBe(2);
      expect(known.view().largestBatch('never met')).toBe(1);
    });
  });

  it('are spoiled by no device but for its own', () => {
    const lie = fc.constantFrom(0, 1e-9, 1e9, NaN, -5, Infinity, 3, 600, 4_000);
    fc.assert(
      fc.property(fc.array(lie, { minLength: 1, maxLength: 40 }), fc.nat(), (lies, seed) => {
        const random = seededRandom(seed);
        const known = beliefs();
        const noisy = (ms: number) => ms * Math.exp(0.05 * random.normal());
        for (let i = 0; i < 150; i++) {
          for (const deviceId of ['a', 'b', 'c']) {
            known.observeCompute(use('large'), noisy(60), deviceId);
            known.observeLocal(deviceId, 'large', noisy(300));
            known.observeNetwork(link(deviceId), noisy(30));
          }
          if (i < 50) continue;
          const ms = lies[i % lies.length]!;
          known.observeCompute(use('large'), ms, 'liar');
          known.observeLocal('liar', 'large', ms);
          known.observeNetwork(link('liar'), ms);
        }
        const view = known.view();
        expect(Math.abs(view.computeMs(use('large')) / 60 - 1)).toBeLessThan(0.1);
        expect(Math.abs(view.localMs('a', 'large') / 300 - 1)).toBeLessThan(0.05);
        expect(Math.abs(view.networkMs(link('a')) / 30 - 1)).toBeLessThan(0.05);
        beliefSchema.parse(JSON.parse(JSON.stringify(known.state())));
      }),
      { numRuns: 25 },
    );
  });
});

describe('a snapshot of beliefs', () => {
  const good = () => {
    const known = beliefs();
    for (let i = 0; i < 5; i++) {
      known.observeLocal('a', 'large', 200);
      known.observeNetwork(link('a'), 30);
    }
    return JSON.parse(JSON.stringify(known.state())) as {
      local: {
        blocks: [string, { weights: { mean: number[]; covariance: number[] }; residuals: string[] }][];
      };
      alarms: number;
    };
  };

  it.each<[string, (state: ReturnType<typeof good>) => void, string]>([
    ['a mean of 1e308', ({ local }) => void (local.blocks[0]![1].weights.mean[0] = 1e308), 'mean'],
    [
      'a negative variance',
      ({ local }) => void (local.blocks[0]![1].weights.covariance[0] = -1),
      'covariance',
    ],
    [
      'a correlation beyond 1',
      ({ local }) => void (local.blocks[0]![1].weights.covariance[1] = 1e9),
      'covariance',
    ],
    [
      'a matrix that is not square',
      ({ local }) => void local.blocks[0]![1].weights.covariance.pop(),
      'covariance',
    ],
    ['a name twice', ({ local }) => void local.blocks[0]![1].residuals.push('large'), 'residuals'],
    ['a fraction of an alarm', (state) => void (state.alarms = 0.5), 'alarms'],
  ])('is refused with %s', (_, spoil, field) => {
    const state = good();
    expect(beliefSchema.safeParse(state).success).toBe(true);
    spoil(state);
    const { error } = beliefSchema.safeParse(state);
    expect(error?.issues.map(({ path }) => path.join('.')).join()).toContain(field);
  });
});
