import type {
  AccuracyCorrection,
  ActionCost,
  Directive,
  Objective,
  Placement,
  PlannedLook,
  Tier,
} from '@weir/domain';

/** A directive that no session has carried yet. */
export type Undated = Omit<Directive, 'instanceId' | 'version' | 'statePauseMs' | 'outcomePauseMs'>;

/** Relative change of a learned cost that an agent should hear of at once. */
const NOTABLE = 0.05;
/** Differences below these make no difference to a frame: ms, J, accuracy. */
const LEAST_MS = 1;
const LEAST_J = 1e-3;
const LEAST_ACCURACY = 1e-3;
/** Frames x accuracy: a few hundredths of what a device keeps; told when the directive is renewed. */
const LEAST_BALANCE = 0.05;

/** True when a directive says something else than the one before, beyond the small steps of every learning. */
export function saysMore(next: Undated, before: Undated): boolean {
  return (
    next.learner !== before.learner ||
    // A plan that explores does so by the devices that it places otherwise.
    (before.explored && !next.explored) ||
    !samePlacement(next.planned, before.planned) ||
    !sameLook(next.secondLook, before.secondLook) ||
    differs(next.thresholdMs, before.thresholdMs, LEAST_MS) ||
    differs(next.accuracyPriceMs, before.accuracyPriceMs, LEAST_MS) ||
    !sameObjective(next.objective, before.objective) ||
    !sameTiers(next.cellTiers, before.cellTiers) ||
    correctionsDiffer(next.correction, before.correction) ||
    next.ledger.ledgerId !== before.ledger.ledgerId ||
    Math.abs(next.ledger.creditTotal - before.ledger.creditTotal) > LEAST_BALANCE ||
    Math.abs(next.ledger.debitRequestedTotal - before.ledger.debitRequestedTotal) > LEAST_BALANCE ||
    next.actions.length !== before.actions.length ||
    next.actions.some((action, index) => costsDiffer(action, before.actions[index]!))
  );
}

export const samePlacement = (a: Placement, b: Placement): boolean =>
  a.tier === b.tier && a.nodeId === b.nodeId && a.variant === b.variant;

const sameLook = (a: PlannedLook | undefined, b: PlannedLook | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    samePlacement(a.placement, b.placement) &&
    a.marginBelow === b.marginBelow &&
    a.curves === b.curves);

const uncorrected: AccuracyCorrection = { shortfall: 0, firsts: [] };

function correctionsDiffer(next = uncorrected, before = uncorrected): boolean {
  const formerly = new Map(before.firsts.map((first) => [first.variant, first]));
  return (
    Math.abs(next.shortfall - before.shortfall) > LEAST_ACCURACY ||
    next.firsts.length !== before.firsts.length ||
    next.firsts.some(({ variant, loss, share }) => {
      const former = formerly.get(variant);
      return !former || differs(loss, former.loss, 0) || differs(share, former.share, 0);
    })
  );
}

const costsDiffer = (next: ActionCost, before: ActionCost): boolean =>
  !samePlacement(next.placement, before.placement) ||
  differs(next.serviceMs, before.serviceMs, LEAST_MS) ||
  differs(next.networkMs, before.networkMs, LEAST_MS) ||
  differs(next.energyJ, before.energyJ, LEAST_J) ||
  Math.abs(next.accuracy - before.accuracy) > LEAST_ACCURACY;

const differs = (next: number, before: number, least: number): boolean =>
  next !== before && !(Math.abs(next - before) <= Math.max(least, NOTABLE * Math.abs(before)));

const sameObjective = (a: Objective, b: Objective): boolean =>
  a === b ||
  (sameTiers(a.allowedTiers, b.allowedTiers) &&
    JSON.stringify({ ...a, allowedTiers: [] }) === JSON.stringify({ ...b, allowedTiers: [] }));

const sameTiers = (a: readonly Tier[] = [], b: readonly Tier[] = []): boolean =>
  a === b || a.toSorted().join() === b.toSorted().join();
