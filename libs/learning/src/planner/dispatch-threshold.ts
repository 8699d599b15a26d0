import { finish, type Steps } from '@weir/base';
import type { ActionCost, Placement } from '@weir/domain';
import type { CellObservation } from '../learner.ts';

/** θ relative to the plan's mean response time. Source: docs/learning.md, "On the device". */
const THRESHOLD_SHARE = 0.125;

/** Frames that come regularly may come together; then the plan deserves twice the trust. Source: docs/learning.md, "On the device". */
const REGULAR_FACTOR = 2;

/** ca² below which arrivals count as regular. */
const REGULAR_VARIABILITY = 0.1;

/** Share of a resource's time beyond which the plan overloads it. */
const OVERLOAD = 0.95;

/** Devices that are counted without a stop. */
const devicesAtOnce = 64;

export interface ThresholdOptions {
  readonly observation: CellObservation;
  readonly placements: ReadonlyMap<string, Placement>;
  /** Learned costs of each device's actions. */
  readonly actions: ReadonlyMap<string, readonly ActionCost[]>;
  /** Second looks that are expected, with their share of the device's frames. @default none */
  readonly looks?: ReadonlyMap<string, { readonly placement: Placement; readonly share: number }>;
}

/**
 * θ for a plan that devices may depart from, ms: an eighth of the mean response time that it promises, a quarter where
 * frames come regularly (synchronised devices all see the same idle tier, and only the plan keeps them apart), 0 where
 * it would overload a resource at the present frame rates.
 */
export const dispatchThresholdMs = (options: ThresholdOptions): number =>
  finish(dispatchThresholdInSteps(options));

/** The same with stops between some devices. */
export function* dispatchThresholdInSteps({
  observation,
  placements,
  actions,
  looks,
}: ThresholdOptions): Steps<number> {
  const slots = new Map(observation.cell.nodes.map((node) => [node.id, node.slots]));
  for (const { local } of observation.cell.devices) slots.set(local.id, local.slots);
  const work = new Map<string, number>();
  let responseMs = 0;
  let devices = 0;
  let regular = 0;
  const charge = (
    { placement: { nodeId }, serviceMs, networkMs }: ActionCost,
    share: number,
    rate: number,
  ) => {
    work.set(nodeId, (work.get(nodeId) ?? 0) + (share * (serviceMs * rate)) / 1_000);
    responseMs += share * (serviceMs + networkMs);
  };
  for (let at = 0; at < observation.devices.length; at++) {
    if (at > 0 && at % devicesAtOnce === 0) yield;
    const { deviceId, framesPerSecond, arrivalVariability = 1 } = observation.devices[at]!;
    const own = actions.get(deviceId);
    const cost = priced(own, placements.get(deviceId));
    if (!cost) continue;
    charge(cost, 1, framesPerSecond);
    const look = looks?.get(deviceId);
    const again = priced(own, look?.placement);
    if (look && again) charge(again, look.share, framesPerSecond);
    devices++;
    if (arrivalVariability < REGULAR_VARIABILITY) regular++;
  }
  if (devices === 0) return 0;
  for (const [nodeId, busy] of work) if (busy / (slots.get(nodeId) ?? 1) > OVERLOAD) return 0;
  const share = regular * 2 > devices ? THRESHOLD_SHARE * REGULAR_FACTOR : THRESHOLD_SHARE;
  return (share * responseMs) / devices;
}

const priced = (actions: readonly ActionCost[] | undefined, placement: Placement | undefined) =>
  actions?.find(
    ({ placement: { nodeId, variant } }) => nodeId === placement?.nodeId && variant === placement.variant,
  );
