import { mean, seededRandom } from '@weir/base';
import type { Objective, Outcome } from '@weir/domain';
import { learnerFactory } from '@weir/learning';
import { runAsync } from '../arrivals/run.ts';
import { calibrationOf } from '../arrivals/observe.ts';
import {
  type World,
  type WorldOptions,
  cellOf,
  createWorld,
  trueNetworkMs,
  variantsAt,
} from '../arrivals/world.ts';
import { arrivalsOf, countsFromMs, inVirtualTime } from './journal-time.ts';
import { loggedFrames } from './logged-frames.ts';
import { type ReplayPolicy, type ReplayResult, replay } from './replay.ts';
import type { ReplayCell } from './replay-cell.ts';

export interface ReplayTrialOptions {
  readonly cell: Omit<WorldOptions, 'accuracyFloor'>;
  readonly load: number;
  /** Of the journal, ms. */
  readonly durationMs: number;
  readonly inForce: Partial<Objective>;
  readonly asked: Partial<Objective>;
  /** @default planner */
  readonly askedLearner?: string;
  readonly seed: number;
  /** True runs that the truth is the mean of. @default 4 */
  readonly truths?: number;
  readonly resamples?: number;
  readonly energyJ?: World['work']['energyJ'];
}

/** A replay beside what then truly happened. */
export interface ReplayTrial {
  readonly result: ReplayResult;
  /** Mean response under the asked objective, ms. */
  readonly truthMs: number;
  /** Of each true run. */
  readonly truthsMs: readonly number[];
  readonly truthAccuracy: number;
  /** Whether the interval holds the truth; undefined: none was given. */
  readonly holds: boolean | undefined;
}

/** Writes a journal in virtual time, replays it, and lets the same cell and frames truly run as asked, under new noise. */
export async function replayTrial(options: ReplayTrialOptions): Promise<ReplayTrial> {
  const { seed, load, durationMs, truths = 4, askedLearner = 'planner' } = options;
  const worldOf = (objective: Partial<Objective>): World => {
    const world = createWorld({ ...options.cell, accuracyFloor: 0 }, seededRandom(seed));
    return {
      ...world,
      objective: { ...world.objective, ...objective },
      work: { ...world.work, ...(options.energyJ && { energyJ: options.energyJ }) },
    };
  };
  const logged: Outcome[] = [];
  const inForce = worldOf(options.inForce);
  const asked = worldOf(options.asked);
  const policy = ({ objective }: World, learner = 'planner'): ReplayPolicy => ({
    objective,
    createLearner: (random) => learnerFactory(learner).create({ random }),
  });
  runAsync({
    world: inForce,
    planner: policy(inForce).createLearner(seededRandom(seed).fork('journal')),
    arrivals: 'poisson',
    load,
    durationMs,
    seed,
    propensities: true,
    onOutcome: (outcome) => logged.push(outcome),
  });
  const cell = replayCellOf(inForce);
  const result = await replay({
    outcomes: logged,
    cell,
    inForce: policy(inForce),
    asked: policy(asked, askedLearner),
    seed: seed + 1_000_000,
    ...(options.resamples !== undefined && { resamples: options.resamples }),
  });
  const journal = inVirtualTime(loggedFrames(logged).frames);
  const arrivals = arrivalsOf(journal, cell);
  const runs = Array.from({ length: truths }, (_, index) =>
    runAsync({
      world: worldOf(options.asked),
      planner: policy(asked, askedLearner).createLearner(seededRandom(seed).fork(`truth ${index}`)),
      arrivals,
      durationMs,
      warmupMs: countsFromMs(journal),
      seed: seed + 10_000 * (index + 1),
    }),
  );
  const truthsMs = runs.map(({ meanMs }) => meanMs);
  const truthMs = mean(truthsMs);
  const { responseMs } = result.asked;
  return {
    result,
    truthMs,
    truthsMs,
    truthAccuracy: mean(runs.map(({ accuracy }) => accuracy)),
    holds: responseMs && responseMs.low <= truthMs && truthMs <= responseMs.high,
  };
}

/** What a store knows of a cell besides its journal. */
function replayCellOf(world: World): ReplayCell {
  const { devices, variants, looks } = cellOf(world);
  return {
    variants,
    looks,
    devices: devices.map(({ local }, index) => ({
      local,
      services: calibrationOf(world, world.devices[index]!),
      roundTripsMs: new Map(
        world.nodes.map(({ id }) => [id, trueNetworkMs(world, world.devices[index]!, id)]),
      ),
    })),
    nodes: world.nodes.map((node) => ({
      node: { id: node.id, tier: node.tier, slots: node.slots, variants: variantsAt(world, node) },
      services: new Map(),
    })),
  };
}
