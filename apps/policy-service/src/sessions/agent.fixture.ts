import type {
  DeviceHello,
  DeviceState,
  LookCurves,
  NodeReport,
  Outcome,
  TargetReport,
  Tier,
  Variant,
} from '@weir/domain';
import type { policy } from '@weir/proto';
import * as wire from '@weir/wire';

/** What agents say, in the domain's words and on the wire. */

export const variants: readonly Variant[] = [
  { name: 'small', macs: 41e6, precision: 'int8', accuracy: 0.7 },
  { name: 'large', macs: 569e6, precision: 'fp32', accuracy: 0.9 },
];

/** By which three frames in ten are unsure of the small variant. */
export const looks: LookCurves = {
  version: 'v',
  pictures: 20_000,
  curves: [
    {
      first: 'small',
      second: 'large',
      changed: 0.25,
      steps: [{ marginBelow: 0.4, share: 0.3, gain: 0.15, standardError: 0.01, changed: 0.2 }],
    },
  ],
};

export function nodeReport(
  id: string,
  tier: Tier,
  {
    services = { small: 5, large: 50 },
    ...load
  }: Partial<NodeReport['load']> & {
    services?: Record<string, number>;
  } = {},
): NodeReport {
  return {
    node: { id, tier, slots: load.slots ?? 2, variants: Object.keys(services) },
    load: {
      nodeId: id,
      slots: 2,
      inService: 0,
      queued: 0,
      backlogMs: 0,
      meanBacklogMs: 0,
      congestionPerMs: 0,
      utilization: 0,
      ...load,
    },
    services: new Map(Object.entries(services)),
    draining: false,
  };
}

export const edge = (more: Partial<TargetReport> & Partial<NodeReport['load']> = {}): TargetReport => {
  const { report, roundTripMs = 10, reachable = true, ...load } = more;
  return { report: report ?? nodeReport('edge-1', 'edge', load), roundTripMs, reachable };
};

export function deviceHello(deviceId: string, more: Partial<DeviceHello> = {}): DeviceHello {
  const local = nodeReport(deviceId, 'device', { slots: 1, services: { small: 20, large: 400 } });
  return { deviceId, instanceId: `${deviceId}-run-1`, local, variants, targets: [edge()], ...more };
}

export const deviceState = (more: Partial<DeviceState> = {}): DeviceState => ({
  framesPerSecond: 5,
  arrivalVariability: 1,
  targets: [edge()],
  ...more,
});

export const outcome = (deviceId: string, more: Partial<Outcome> = {}): Outcome => ({
  deviceId,
  placement: { tier: 'edge', nodeId: 'edge-1', variant: 'large' },
  planVersion: 1,
  reason: 'planned',
  at: 0,
  hops: { agentMs: 1, uplinkMs: 5, queueMs: 0, decodeMs: 2, computeMs: 48, downlinkMs: 4 },
  responseMs: 60,
  predictedMs: 66,
  energyJ: 0.5,
  accuracy: 0.9,
  margin: 0.4,
  concurrency: 0,
  propensity: 1,
  ...more,
});

export const helloToWire = (cellId: string, hello: DeviceHello): policy.Hello =>
  wire.helloToWire({ cellId, hello });

/** `now`: arrival, ms; the outcome's `at` becomes its age. */
export const outcomeToWire = (sequence: number, outcome: Outcome, now: number): policy.Outcome =>
  wire.outcomeToWire({ sequence: BigInt(sequence), outcome, confidence: 0.8 }, now);
