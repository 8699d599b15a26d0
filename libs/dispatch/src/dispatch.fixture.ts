import { seededRandom } from '@weir/base';
import {
  type Objective,
  type Variant,
  defaultObjective,
  type ActionCost,
  type Directive,
  type LookCurves,
  type NodeLoad,
} from '@weir/domain';
import type { Frame } from './cost.ts';
import type { Dispatcher, DispatcherOptions } from './dispatcher.ts';
import { createDispatcher } from './priced-dispatcher.ts';

/** Two variants, a device, an edge and a cloud node: a small world for the specs of dispatch. */
export const best: Variant = { name: 'best', macs: 569e6, precision: 'fp32', accuracy: 0.9 };
export const small: Variant = { name: 'small', macs: 41e6, precision: 'int8', accuracy: 0.7 };

export const action = (
  nodeId: string,
  variant: Variant,
  serviceMs: number,
  networkMs = 0,
  energyJ = 0,
): ActionCost => ({
  placement: {
    tier: nodeId === 'device-1' ? 'device' : nodeId.startsWith('edge') ? 'edge' : 'cloud',
    nodeId,
    variant: variant.name,
  },
  accuracy: variant.accuracy,
  serviceMs,
  networkMs,
  energyJ,
});

export const localBest = action('device-1', best, 400);
export const localSmall = action('device-1', small, 50);
export const edgeBest = action('edge-1', best, 100, 20);
export const cloudBest = action('cloud-1', best, 60, 120);
export const actions = [localBest, localSmall, edgeBest, cloudBest];

export const idle = (nodeId: string, more: Partial<NodeLoad> = {}): NodeLoad => ({
  nodeId,
  slots: 1,
  inService: 0,
  queued: 0,
  backlogMs: 0,
  meanBacklogMs: 0,
  congestionPerMs: 0,
  utilization: 0,
  ...more,
});

export const directive = (more: Partial<Directive> = {}): Directive => ({
  instanceId: 'instance-1',
  version: 1,
  leaseMs: 3_000,
  learner: 'planner',
  planned: edgeBest.placement,
  thresholdMs: 20,
  explored: false,
  propensity: 1,
  actions,
  accuracyPriceMs: 1_000,
  objective: defaultObjective,
  ledger: { ledgerId: 'ledger-1', creditTotal: 0, debitRequestedTotal: 0 },
  predictedMs: 120,
  ...more,
});

/** A frame without a floor, with nothing before it. */
export const frameOf = (more: Partial<Frame> = {}): Frame => ({
  now: 0,
  deadlineMs: 10_000,
  exclude: new Set(),
  objective: defaultObjective,
  priceMs: 0,
  local: { slots: 1, waitMs: 0, congestionPerMs: 0, quietMs: 0 },
  weighed: undefined,
  ejectedToo: false,
  leastAccuracy: 0,
  variant: undefined,
  overdue: false,
  ...more,
});

type Given = Partial<Pick<DispatcherOptions, 'onEjection' | 'looks' | 'undirectedTiers'>>;

/** A dispatcher that knows no more than its own variants. */
export const uncalibrated = (objective: Partial<Objective> = {}, given: Given = {}): Dispatcher =>
  createDispatcher({
    deviceId: 'device-1',
    localNode: { id: 'device-1', tier: 'device', slots: 1, variants: ['best', 'small'] },
    variants: [best, small],
    objective: { ...defaultObjective, ...objective },
    random: seededRandom(1),
    ...given,
  });

/** A dispatcher that has calibrated itself and heard of both remote nodes at time 0. */
export function dispatcher(objective: Partial<Objective> = {}, given: Given = {}): Dispatcher {
  const created = uncalibrated(objective, given);
  created.setFallbackActions(actions);
  for (const nodeId of ['edge-1', 'cloud-1']) {
    created.setReachable(nodeId, true, 0);
    created.reportLoad(idle(nodeId), 0);
  }
  return created;
}

/** What a second look by the best variant buys after one by the small. */
export const looks: LookCurves = {
  version: 'curves-1',
  pictures: 1_000,
  curves: [
    {
      first: 'small',
      second: 'best',
      steps: [
        { marginBelow: 0.2, share: 0.25, gain: 0.14, standardError: 0.001 },
        { marginBelow: 0.4, share: 0.5, gain: 0.19, standardError: 0.001 },
        { marginBelow: 0.8, share: 0.9, gain: 0.2, standardError: 0.001 },
      ],
    },
  ],
};
