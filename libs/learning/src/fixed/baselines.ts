import type { Random } from '@weir/base';
import type { Placement, Tier, Outcome } from '@weir/domain';
import { z } from 'zod';
import { bestVariant, openActions } from '../actions.ts';
import { nothingMeets } from '../planner/joint-problem.ts';
import type { CellObservation, Learner, LearnerSnapshot } from '../learner.ts';
import { obeyedPlan } from '../obeyed-plan.ts';
import { createPlanner } from '../planner/planner.ts';
import type { PlannerOptions } from '../planner/planner-options.ts';
import { countSchema, statusOf } from '../learner-counts.ts';
import { snapshotOf, stateOf } from '../snapshot.ts';

const version = 1;
const stateSchema = z.strictObject({ outcomes: countSchema, plans: countSchema });

/**
 * `device-only`, `edge-only`, `cloud-only`: every frame on one tier, with the best variant served there, whatever the
 * floor and the queues say; only the tiers that the objective allows are respected. Of several nodes of the tier the
 * devices are spread evenly in turn. Throws FailedPrecondition when a device has no target there.
 */
export function createFixed(tier: Tier): Learner {
  const name = `${tier}-only`;
  let observation: CellObservation | undefined;
  let outcomes = 0;
  let plans = 0;

  const best = (): ReadonlyMap<string, Placement> => {
    if (!observation) throw new Error('observe() comes before propose()');
    const actions = openActions(observation, 'paper');
    return new Map(
      actions.map(({ device, observation: { links }, objective }, at): [string, Placement] => {
        if (!objective.allowedTiers.includes(tier)) throw nothingMeets(actions, observation!.cell);
        const byName = new Map(observation!.cell.variants.map((variant) => [variant.name, variant]));
        const nodes =
          tier === 'device'
            ? [device.local]
            : observation!.cell.nodes.filter(
                (node) =>
                  node.tier === tier &&
                  links.some(({ nodeId, reachable }) => nodeId === node.id && reachable),
              );
        const node = nodes[at % Math.max(1, nodes.length)];
        const [variant] = bestVariant((node?.variants ?? []).flatMap((each) => byName.get(each) ?? []));
        if (!node || !variant)
          throw nothingMeets([{ ...actions[at]!, local: [], remote: [] }], observation!.cell);
        return [device.id, { tier, nodeId: node.id, variant: variant.name }];
      }),
    );
  };

  return {
    name,
    observe: (next) => void (observation = next),
    propose() {
      plans++;
      return obeyedPlan(best());
    },
    best,
    learn: (batch: readonly Outcome[]) => void (outcomes += batch.length),
    status: () => statusOf({ outcomes, plans, exploringPlans: 0 }),
    snapshot: () => snapshotOf(name, version, { outcomes, plans }),
    restore(snapshot: LearnerSnapshot) {
      ({ outcomes, plans } = stateOf(snapshot, { learner: name, version, schema: stateSchema }));
    },
  };
}

/**
 * `offload-only`, the state of the art that the paper compares with: where each inference runs is learned, but always
 * with the best variant. The planner with one variant; obeyed, as a joint-action learner is.
 */
export function createOffloadOnly(options: { random: Random } & Partial<PlannerOptions>): Learner {
  const name = 'offload-only';
  const inner = createPlanner(options);
  return {
    name,
    observe(observation) {
      const { cell } = observation;
      const [best] = bestVariant(cell.variants);
      const only = (names: readonly string[]) => names.filter((each) => each === best?.name);
      inner.observe({
        ...observation,
        cell: {
          ...cell,
          nodes: cell.nodes.map((node) => ({ ...node, variants: only(node.variants) })),
          devices: cell.devices.map((device) => ({
            ...device,
            local: { ...device.local, variants: only(device.local.variants) },
          })),
        },
      });
    },
    propose: () => ({ ...inner.propose(), thresholdMs: Infinity }),
    propensities: () => inner.propensities!(),
    best: () => inner.best(),
    learn: (outcomes) => inner.learn(outcomes),
    status: () => inner.status(),
    snapshot: () => snapshotOf(name, version, inner.snapshot()),
    restore(snapshot) {
      // Of what it consists is the planner's to judge.
      inner.restore(stateOf(snapshot, { learner: name, version, schema: z.custom<LearnerSnapshot>() }));
    },
  };
}
