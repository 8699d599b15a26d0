import { mapInSteps, type Steps } from '@weir/base';
import type { ActionCost } from '@weir/domain';
import type { OpenActions } from '../actions.ts';
import type { CostView } from '../beliefs/cost-view.ts';
import type { CellObservation } from '../learner.ts';
import { foreignLoad } from './node-times.ts';

/** What each device's open actions cost when nobody else of the cell is there: the price lists of a directive. */
export function* actionCosts(
  actions: readonly OpenActions[],
  {
    costs,
    observation,
    energyJ,
  }: {
    costs: CostView;
    observation: CellObservation;
    energyJ: (nodeId: string, variant: string) => number;
  },
): Steps<Map<string, readonly ActionCost[]>> {
  const costsOf = ({ device, local, remote, firstLooks }: OpenActions): ActionCost[] => [
    // A first look may be by a variant that is below the device's own floor by itself.
    ...[...new Set([...local, ...firstLooks])].map(({ name: variant, accuracy }): ActionCost => ({
      placement: { tier: 'device', nodeId: device.id, variant },
      accuracy,
      serviceMs: costs.localMs(device.id, variant),
      networkMs: 0,
      energyJ: energyJ(device.id, variant),
    })),
    ...remote.flatMap(({ node, link, variants }) => {
      const { nodeId, roundTripMs } = link;
      const networkMs = costs.networkMs({ deviceId: device.id, nodeId, class: link.class, roundTripMs });
      const load = foreignLoad(observation, nodeId);
      return variants.map(({ name: variant, accuracy }): ActionCost => ({
        placement: { tier: node.tier, nodeId, variant },
        accuracy,
        serviceMs: costs.computeMs({ nodeId, variant, concurrency: 1, load }),
        networkMs,
        energyJ: energyJ(nodeId, variant),
      }));
    }),
  ];
  return new Map(
    yield* mapInSteps(actions, (open): [string, ActionCost[]] => [open.device.id, costsOf(open)]),
  );
}
