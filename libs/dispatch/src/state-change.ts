import type { BalanceReport, DeviceState, NodeReport, TargetReport } from '@weir/domain';

/** Change of a figure, as a share of it, that a plan is made otherwise for; rates and times waver by as much from frame to frame. */
const notable = 0.2;
/** Changes below these are none, whatever they are a share of. */
const least = { framesPerSecond: 0.1, variability: 0.25, waitMs: 50, roundTripMs: 1, serviceMs: 0.1 };
/** Change of a node's utilization, 0..1. */
const notableUtilization = 0.05;
/** Change of a balance, as a share of its cap: half of the least that is transferred. */
const notableBalance = 0.025;

/**
 * Whether a device stands otherwise than it has told, by more than makes no difference to a plan. How many inferences a node has at
 * this instant is not compared, because its wait and its utilization tell what comes of them; nor are truths, which only add up.
 */
export const stateDiffers = (next: DeviceState, told: DeviceState): boolean =>
  differs(next.framesPerSecond, told.framesPerSecond, least.framesPerSecond) ||
  differs(next.arrivalVariability, told.arrivalVariability, least.variability) ||
  balanceDiffers(next.balance, told.balance) ||
  nodeDiffers(next.local, told.local) ||
  next.targets.length !== told.targets.length ||
  next.targets.some((target, at) => targetDiffers(target, told.targets[at]!));

const targetDiffers = (next: TargetReport, told: TargetReport): boolean =>
  next.reachable !== told.reachable ||
  differs(next.roundTripMs, told.roundTripMs, least.roundTripMs) ||
  nodeDiffers(next.report, told.report);

function nodeDiffers(next: NodeReport | undefined, told: NodeReport | undefined): boolean {
  if (!next || !told) return next !== told;
  return (
    next.node.id !== told.node.id ||
    next.node.tier !== told.node.tier ||
    next.node.slots !== told.node.slots ||
    next.draining !== told.draining ||
    next.instanceId !== told.instanceId ||
    next.familyVersion !== told.familyVersion ||
    Math.abs(next.load.utilization - told.load.utilization) > notableUtilization ||
    differs(next.load.backlogMs, told.load.backlogMs, least.waitMs) ||
    differs(next.load.meanBacklogMs, told.load.meanBacklogMs, least.waitMs) ||
    figuresDiffer(next.services, told.services, least.serviceMs) ||
    figuresDiffer(next.energyJ, told.energyJ, 0)
  );
}

type Figures = ReadonlyMap<string, number> | undefined;

function figuresDiffer(next: Figures, told: Figures, atLeast: number): boolean {
  if (next === told) return false;
  if (next?.size !== told?.size) return true;
  for (const [variant, figure] of next ?? []) if (differs(figure, told!.get(variant), atLeast)) return true;
  return false;
}

function balanceDiffers(next: BalanceReport | undefined, told: BalanceReport | undefined): boolean {
  if (!next || !told) return next !== told;
  const moved = (a: number, b: number) => Math.abs(a - b) > notableBalance * told.cap;
  return (
    next.ledgerId !== told.ledgerId ||
    moved(next.balance, told.balance) ||
    moved(next.cap, told.cap) ||
    moved(next.debitedTotal, told.debitedTotal) ||
    moved(next.creditedTotal, told.creditedTotal)
  );
}

function differs(next: number | undefined, told: number | undefined, atLeast: number): boolean {
  if (next === undefined || told === undefined) return next !== told;
  return Math.abs(next - told) > Math.max(atLeast, notable * Math.abs(told));
}
