import { mapInSteps, type Steps } from '@weir/base';
import type { ActionCost } from '@weir/domain';
import type { OpenActions, RemoteTarget } from '../actions.ts';
import type { CostView } from '../beliefs/cost-view.ts';
import type { CellObservation } from '../learner.ts';
import type { DeviceCosts } from './device-costs.ts';
import { foreignLoad } from './node-times.ts';

/** What each device's open actions cost when nobody else of the cell is there: the price lists of a directive. */
export function* actionCosts(
  actions: readonly OpenActions[],
  {
    own,
    costs,
    observation,
    energyJ,
  }: {
    /** By these costs. */
    own: readonly DeviceCosts[];
    costs: CostView;
    observation: CellObservation;
    energyJ: (nodeId: string, variant: string) => number;
  },
): Steps<Map<string, readonly ActionCost[]>> {
  const index = new Map(observation.cell.variants.map(({ name }, at) => [name, at]));
  /** What all devices have in common that run these variants at a node. */
  const common = new Map<RemoteTarget['variants'], readonly Omit<ActionCost, 'networkMs'>[]>();
  const commonOf = ({ node: { id: nodeId, tier }, variants }: RemoteTarget) => {
    let known = common.get(variants);
    if (!known) {
      const load = foreignLoad(observation, nodeId);
      known = variants.map(({ name: variant, accuracy }) => ({
        placement: { tier, nodeId, variant },
        accuracy,
        serviceMs: costs.computeMs({ nodeId, variant, concurrency: 1, load }),
        energyJ: energyJ(nodeId, variant),
      }));
      common.set(variants, known);
    }
    return known;
  };
  const costsOf = ({ device, local, remote, firstLooks }: OpenActions, at: number): ActionCost[] => {
    const list: ActionCost[] = [];
    // A first look may be by a variant that is below the device's own floor by itself.
    for (const { name: variant, accuracy } of firstLooks.length > 0
      ? new Set([...local, ...firstLooks])
      : local)
      list.push({
        placement: { tier: 'device', nodeId: device.id, variant },
        accuracy,
        serviceMs: own[at]!.local(index.get(variant)!).ms,
        networkMs: 0,
        energyJ: energyJ(device.id, variant),
      });
    for (const open of remote) {
      const networkMs = own[at]!.networkMs(open.target);
      for (const { placement, accuracy, serviceMs, energyJ } of commonOf(open))
        list.push({ placement, accuracy, serviceMs, networkMs, energyJ });
    }
    return list;
  };
  const lists = new Map<string, readonly ActionCost[]>();
  yield* mapInSteps(actions, (open, at) => {
    lists.set(open.device.id, costsOf(open, at));
  });
  return lists;
}
