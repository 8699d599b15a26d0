import type { Beliefs } from '../beliefs/beliefs.ts';
import { bestVariant, type OpenActions } from '../actions.ts';
import type { CellObservation, Probe } from '../learner.ts';
import type { Assignment } from '../solver/problem.ts';

export interface ProbesInput {
  readonly actions: readonly OpenActions[];
  readonly chosen: Assignment;
  readonly observation: CellObservation;
  /** Plans so far, this one included. */
  readonly plans: number;
  /** Plans between two rounds, >= 1. */
  readonly probeEvery: number;
  readonly beliefs: Beliefs;
}

/** Plan of the first round. */
const firstRound = 3;

/** The shadow inferences of one plan: a round now and then, and another wherever the last has departed. */
export function probesOf({ actions, chosen, observation, plans, probeEvery, beliefs }: ProbesInput): Probe[] {
  // The first round soon: what nobody has tried yet is what there is most to learn of.
  const sooner = plans + probeEvery - Math.min(probeEvery, firstRound);
  const round =
    sooner % probeEvery === 0 ? nextProbes(actions, chosen, observation, sooner / probeEvery) : [];
  const again = rechecks(actions, chosen, observation, beliefs).filter(
    ({ placement: { nodeId } }) => !round.some(({ placement }) => placement.nodeId === nodeId),
  );
  return [...round, ...again];
}

/** One shadow inference wherever a measurement has departed and no frame goes: an outlier, or a change? */
function rechecks(
  actions: readonly OpenActions[],
  { targets }: Assignment,
  { cell }: CellObservation,
  beliefs: Beliefs,
): Probe[] {
  const nodes = cell.nodes.flatMap((node, at): Probe[] => {
    if (targets.includes(at) || !beliefs.nodes.suspectsChange(node.id)) return [];
    const asker = actions.find(({ remote }) => remote.some((target) => target.node.id === node.id));
    const [variant] = bestVariant(asker?.remote.find((target) => target.node.id === node.id)?.variants ?? []);
    if (!asker || !variant) return [];
    const placement = { tier: node.tier, nodeId: node.id, variant: variant.name };
    return [{ deviceId: asker.device.id, placement }];
  });
  const devices = actions.flatMap(({ device: { id }, local }, at): Probe[] => {
    const [variant] = bestVariant(local);
    if (targets[at]! < 0 || !variant || !beliefs.local.suspectsChange(id)) return [];
    return [{ deviceId: id, placement: { tier: 'device', nodeId: id, variant: variant.name } }];
  });
  return [...nodes, ...devices];
}

/**
 * One shadow inference on a remote node that the plan does not use (each in turn), and one on a device's own processor
 * with a variant in turn: so that a change for the better is noticed where no frame goes. `round` counts up.
 */
function nextProbes(
  actions: readonly OpenActions[],
  { targets }: Assignment,
  { cell }: CellObservation,
  round: number,
): Probe[] {
  const probes: Probe[] = [];
  const unused = cell.nodes.filter((_, at) => !targets.includes(at));
  const node = unused[round % Math.max(1, unused.length)];
  const askers = node
    ? actions.filter(({ remote }) => remote.some((target) => target.node.id === node.id))
    : [];
  const asker = askers[round % Math.max(1, askers.length)];
  if (node && asker) {
    const { variants } = asker.remote.find((target) => target.node.id === node.id)!;
    const [variant] = bestVariant(variants);
    const placement = { tier: node.tier, nodeId: node.id, variant: variant!.name };
    probes.push({ deviceId: asker.device.id, placement });
  }
  // Devices whose frames all go elsewhere first: nothing else tells of their processors.
  const away = actions.filter(({ local }, at) => local.length > 0 && targets[at]! >= 0);
  const own = away.length > 0 ? away : actions.filter(({ local }) => local.length > 0);
  const prober = own[round % Math.max(1, own.length)];
  if (prober) {
    const variant = prober.local[Math.floor(round / own.length) % prober.local.length]!;
    const { id } = prober.device;
    probes.push({ deviceId: id, placement: { tier: 'device', nodeId: id, variant: variant.name } });
  }
  return probes;
}
