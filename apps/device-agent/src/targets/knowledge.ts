import type { ActionCost, ServiceFigure, Tier } from '@weir/domain';

/** A remote node, as this device knows it. */
export interface KnownTarget {
  readonly nodeId: string;
  readonly tier: Tier;
  readonly services: readonly ServiceFigure[];
  /** Of a small message, ms; 0 when not yet measured. */
  readonly roundTripMs: number;
  /** 0 when not yet measured. */
  readonly uplinkBitsPerSecond: number;
  /** Of a frame as it goes there. @default `Knowledge.frameBytes` */
  readonly frameBytes?: number | undefined;
}

export interface Knowledge {
  readonly deviceId: string;
  /** The device's own calibration. */
  readonly local: readonly ServiceFigure[];
  readonly targets: readonly KnownTarget[];
  /** Expected top-1 accuracy of each variant, 0..1. */
  readonly accuracies: ReadonlyMap<string, number>;
  /** Size of a frame on the wire, bytes. */
  readonly frameBytes: number;
}

/**
 * Costs of every action that this device knows by itself: its calibration, the service times the workers report and
 * its pings. Used until the first directive arrives, and whenever the policy's costs allow nothing.
 */
export function knownActions({
  deviceId,
  local,
  targets,
  accuracies,
  frameBytes,
}: Knowledge): readonly ActionCost[] {
  const action = (tier: Tier, nodeId: string, figure: ServiceFigure, networkMs: number): ActionCost[] => {
    const { variant, serviceMs, energyJ } = figure;
    const accuracy = accuracies.get(variant);
    // Without its accuracy a variant cannot be held against a floor.
    if (accuracy === undefined) return [];
    return [{ placement: { tier, nodeId, variant }, accuracy, serviceMs, networkMs, energyJ }];
  };
  return [
    ...local.flatMap((figure) => action('device', deviceId, figure, 0)),
    ...targets.flatMap((target) => {
      const { roundTripMs, uplinkBitsPerSecond: rate, frameBytes: bytes = frameBytes } = target;
      const networkMs = roundTripMs + (rate > 0 ? (bytes * 8_000) / rate : 0);
      return target.services.flatMap((figure) => action(target.tier, target.nodeId, figure, networkMs));
    }),
  ];
}
