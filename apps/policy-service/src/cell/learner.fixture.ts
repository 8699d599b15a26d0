import { FailedPrecondition, InvalidInput } from '@weir/base';
import type { ActionCost, Outcome, Placement } from '@weir/domain';
import type { CellObservation, Learner, LearnerSnapshot, LearnerStatus, Plan } from '@weir/learning';

/**
 * The smallest learner that learns: the mean response of each placement, the fastest whose accuracy is at or above the
 * floor. Deterministic, and it remembers how many outcomes it has seen, so that nothing lost or counted twice can hide.
 */
export function createFastestMean(name = 'fastest-mean'): Learner & { means(): ReadonlyMap<string, number> } {
  let observation: CellObservation | undefined;
  let plans = 0;
  let outcomes = 0;
  let times = new Map<string, { count: number; meanMs: number }>();
  const key = (deviceId: string, { nodeId, variant }: Placement) => `${deviceId} ${nodeId} ${variant}`;

  const actionsOf = ({ cell, devices }: CellObservation, deviceId: string): ActionCost[] => {
    const device = cell.devices.find(({ id }) => id === deviceId)!;
    const reachable = devices
      .find((seen) => seen.deviceId === deviceId)!
      .links.filter((link) => link.reachable)
      .map(({ nodeId }) => nodeId);
    return [device.local, ...cell.nodes.filter(({ id }) => reachable.includes(id))]
      .filter(({ tier }) => cell.objective.allowedTiers.includes(tier))
      .flatMap(({ tier, id: nodeId, variants }) =>
        variants.map((variant): ActionCost => {
          const placement = { tier, nodeId, variant };
          const { accuracy } = cell.variants.find(({ name }) => name === variant)!;
          const serviceMs = times.get(key(deviceId, placement))?.meanMs ?? 1_000;
          return { placement, accuracy, serviceMs, networkMs: 0, energyJ: 0 };
        }),
      );
  };

  return {
    name,
    observe: (next) => void (observation = next),
    propose(): Plan {
      const { cell } = observation!;
      const floor = cell.objective.accuracyFloor;
      plans++;
      const actions = new Map(cell.devices.map(({ id }) => [id, actionsOf(observation!, id)]));
      const chosen = [...actions].map(([deviceId, open]) => {
        const best = open
          .filter(({ accuracy }) => accuracy >= floor)
          .reduce<ActionCost | undefined>((a, b) => (a && a.serviceMs <= b.serviceMs ? a : b), undefined);
        if (!best) throw new FailedPrecondition(`no action of ${deviceId} meets the floor of ${floor}`);
        return [deviceId, best] as const;
      });
      return {
        placements: new Map(chosen.map(([deviceId, { placement }]) => [deviceId, placement])),
        thresholdMs: 10,
        explored: false,
        propensity: 1,
        actions,
        accuracyPriceMs: 100,
        predictedMs: new Map(chosen.map(([deviceId, { serviceMs }]) => [deviceId, serviceMs])),
      };
    },
    learn(batch: readonly Outcome[]) {
      for (const { deviceId, placement, responseMs } of batch) {
        const { count, meanMs } = times.get(key(deviceId, placement)) ?? { count: 0, meanMs: 0 };
        times.set(key(deviceId, placement), {
          count: count + 1,
          meanMs: meanMs + (responseMs - meanMs) / (count + 1),
        });
        outcomes++;
      }
    },
    best() {
      return this.propose().placements;
    },
    status: (): LearnerStatus => ({
      outcomes,
      plans,
      exploringPlans: 0,
      explorationShare: 0,
      driftAlarms: 0,
    }),
    snapshot: (): LearnerSnapshot => ({
      format: 'weir.learner',
      version: 1,
      learner: name,
      state: { outcomes, plans, times: [...times] },
    }),
    restore(snapshot) {
      const state = snapshot.state as { outcomes?: number; plans?: number; times?: [] } | null;
      if (snapshot.learner !== name || !Array.isArray(state?.times))
        throw new InvalidInput([{ field: 'snapshot', description: 'is not of this learner' }]);
      outcomes = state.outcomes ?? 0;
      plans = state.plans ?? 0;
      times = new Map(state.times);
    },
    means: () => new Map([...times].map(([placement, { meanMs }]) => [placement, meanMs])),
  };
}
