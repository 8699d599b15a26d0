import type { Random } from '@weir/base';
import type { Placement } from '@weir/domain';
import { z } from 'zod';
import { type ActionSpace, type OpenActions, openActions, placements } from '../actions.ts';
import { nothingMeets } from '../planner/joint-problem.ts';
import { option, type OptionRules } from '../learner-options.ts';
import type { CellObservation, Learner, Plan } from '../learner.ts';
import { countsSchema, type LearnerCounts, statusOf } from '../learner-counts.ts';
import { obeyedPlan } from '../obeyed-plan.ts';
import { snapshotOf, stateOf } from '../snapshot.ts';

export interface BanditOptions {
  /** Actions of each device. @default 'paper' — Shahhosseini et al. 2022 */
  readonly actionSpace: ActionSpace;
  /**
   * How much the bound rises with uncertainty, relative to the response times seen. @default 0.3 — Auer et al. 2002
   * prove √2 for rewards in 0..1; response times spread less
   */
  readonly confidence: number;
  /** Weight that older outcomes keep with each new one of the device. @default 0.99 — Garivier & Moulines 2011 */
  readonly discount: number;
}

export const banditDefaults: BanditOptions = { actionSpace: 'paper', confidence: 0.3, discount: 0.99 };

export const banditRules: OptionRules<BanditOptions> = {
  actionSpace: option.actionSpace,
  confidence: option.notNegative,
  discount: option.share,
};

const name = 'bandits';
const version = 2;

/** What one device knows of one of its actions: discounted count and sum of response times. */
interface Arm {
  count: number;
  totalMs: number;
}

/**
 * One bandit per device, no device knows of the others: discounted upper confidence bounds on the response time. Since
 * nobody adds up accuracies, every device meets the floor by itself; that is what it costs not to decide together.
 * Sources: Auer, Cesa-Bianchi & Fischer 2002; Garivier & Moulines 2011.
 */
export function createBandits({ random, ...given }: { random: Random } & Partial<BanditOptions>): Learner {
  const options: BanditOptions = { ...banditDefaults, ...given };
  const arms = new Map<string, Map<string, Arm>>();
  let observation: CellObservation | undefined;
  let open: readonly (OpenActions & { readonly choices: readonly Placement[] })[] = [];
  /** Of the last plan. */
  let propensities: ReadonlyMap<string, number> = new Map();
  let counts: LearnerCounts = { outcomes: 0, plans: 0, exploringPlans: 0 };

  const armOf = (deviceId: string, { nodeId, variant }: Placement): Arm | undefined =>
    arms.get(deviceId)?.get(`${nodeId}\n${variant}`);
  const bestOf = (deviceId: string, choices: readonly Placement[]): Placement =>
    choices.reduce((best, choice) =>
      meanMs(armOf(deviceId, choice)) < meanMs(armOf(deviceId, best)) ? choice : best,
    );
  const required = (): CellObservation => {
    if (!observation) throw new Error('observe() comes before propose()');
    const stranded = open.filter(({ choices }) => choices.length === 0);
    if (stranded.length > 0) throw nothingMeets(open, observation.cell);
    return observation;
  };

  return {
    name,
    observe(next) {
      observation = next;
      const floor = next.cell.objective.accuracyFloor;
      const accuracy = new Map(next.cell.variants.map((variant) => [variant.name, variant.accuracy]));
      open = openActions(next, options.actionSpace).map((actions) => ({
        ...actions,
        choices: placements(actions).filter(({ variant }) => accuracy.get(variant)! >= floor - 1e-9),
      }));
    },
    propose(): Plan {
      required();
      const chance = random.fork(`plan ${counts.plans++}`);
      let explored = false;
      const chances = new Map<string, number>();
      const chosen = open.map(({ device, choices }): [string, Placement] => {
        const untried = choices.filter((choice) => !armOf(device.id, choice));
        chances.set(device.id, 1 / Math.max(1, untried.length));
        if (untried.length > 0) {
          explored = true;
          return [device.id, untried[chance.integer(untried.length)]!];
        }
        const known = choices.map((choice) => ({ choice, arm: armOf(device.id, choice)! }));
        const total = known.reduce((sum, { arm }) => sum + arm.count, 0);
        const typicalMs = known.reduce((sum, { arm }) => sum + arm.totalMs, 0) / total;
        const bound = ({ arm }: { arm: Arm }) =>
          meanMs(arm) - options.confidence * typicalMs * Math.sqrt(Math.log(total + 1) / arm.count);
        const preferred = known.reduce((best, each) => (bound(each) < bound(best) ? each : best)).choice;
        if (preferred !== bestOf(device.id, choices)) explored = true;
        return [device.id, preferred];
      });
      if (explored) counts.exploringPlans++;
      propensities = chances;
      const propensity = [...chances.values()].reduce((product, each) => product * each, 1);
      return obeyedPlan(new Map(chosen), { explored, propensity });
    },
    propensities: () => propensities,
    best() {
      required();
      return new Map(open.map(({ device, choices }) => [device.id, bestOf(device.id, choices)]));
    },
    learn(outcomes) {
      for (const { deviceId, placement, responseMs, failure, shadow } of outcomes) {
        if (failure || shadow) continue;
        counts.outcomes++;
        let own = arms.get(deviceId);
        if (!own) arms.set(deviceId, (own = new Map<string, Arm>()));
        for (const arm of own.values()) {
          arm.count *= options.discount;
          arm.totalMs *= options.discount;
        }
        const key = `${placement.nodeId}\n${placement.variant}`;
        const arm = own.get(key) ?? { count: 0, totalMs: 0 };
        own.set(key, { count: arm.count + 1, totalMs: arm.totalMs + responseMs });
      }
    },
    status: () => statusOf(counts),
    snapshot: () =>
      snapshotOf(name, version, {
        counts,
        arms: [...arms].map(([id, own]) => [
          id,
          [...own].map(([key, { count, totalMs }]) => [key, count, totalMs]),
        ]),
      }),
    restore(snapshot) {
      const state = stateOf(snapshot, { learner: name, version, schema: stateSchema });
      counts = state.counts;
      arms.clear();
      for (const [id, own] of state.arms)
        arms.set(id, new Map(own.map(([key, count, totalMs]) => [key, { count, totalMs }])));
    },
  };
}

const meanMs = (arm: Arm | undefined): number => (arm && arm.count > 0 ? arm.totalMs / arm.count : Infinity);

/** Most actions of one device that a snapshot may tell of. */
const mostArms = 100_000;

const arm = z.tuple([z.string(), z.number().positive(), z.number().min(0)]);
const stateSchema = z.strictObject({
  counts: countsSchema,
  arms: z.array(z.tuple([z.string(), z.array(arm).max(mostArms)])),
});
