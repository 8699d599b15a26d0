import type {
  AccuracyCorrection,
  CellAccuracy,
  FirstLookCorrection,
  LookCurve,
  LookCurves,
  Outcome,
  TruthReport,
  Variant,
} from '@weir/domain';
import { Alarm } from './alarm.ts';
import { asFarAs } from './as-far-as.ts';
import { AuditedAgreement } from './audited-agreement.ts';
import { changedAbove, strataOf } from './curve-strata.ts';
import { type Departure, type ExpectedChanges, FirstLookEvidence } from './evidence.ts';
import { TruthShortfall } from './truth-shortfall.ts';

/** What a family says of itself. */
export interface GuardedFamily {
  readonly variants: readonly Variant[];
  /** Absent: nothing can be told of first looks. */
  readonly looks?: LookCurves | undefined;
}

/** Pictures of a curve that may show one subject, and then count as one. */
const picturesASubject = 4;
/** A correction is told anew when it has changed by this much. */
const notable = 0.1;
/** Corrections are within this: what is measured beyond would make no difference any more. */
const mostCorrection = 100;

interface GuardedFirst {
  readonly evidence: FirstLookEvidence;
  readonly alarm: Alarm;
  told: FirstLookCorrection | undefined;
}

/**
 * Holds the accuracy that a cell promises against what second looks, audits and truths tell of its pictures, and says by how
 * much curves and accuracies must be corrected for the promise to hold (docs/second-looks.md, "Guarded"). Pure: no clock, no
 * chance.
 */
export class AccuracyGuard {
  readonly #agreement = new AuditedAgreement();
  readonly #truths = new TruthShortfall();
  #family: GuardedFamily = { variants: [] };
  #best: Variant | undefined;
  #accuracyOf: ReadonlyMap<string, number> = new Map();
  #curves: ReadonlyMap<string, ExpectedChanges> = new Map();
  #firsts = new Map<string, GuardedFirst>();
  #correction: AccuracyCorrection | undefined;

  /** Tells it of the family. Evidence on first looks starts anew with other curves. */
  observe(family: GuardedFamily): void {
    const { variants, looks } = family;
    if (variants === this.#family.variants && looks === this.#family.looks) return;
    const same = looks?.version === this.#family.looks?.version;
    this.#family = family;
    this.#best = variants.reduce<Variant | undefined>(
      (best, variant) => (best && best.accuracy >= variant.accuracy ? best : variant),
      undefined,
    );
    this.#accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    if (same) return;
    this.#curves = new Map((looks?.curves ?? []).flatMap((curve) => expectedChanges(curve, looks!.pictures)));
    this.#firsts = new Map();
  }

  /** In the order in which they come; failures tell nothing of pictures. */
  learn(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.auditProbability !== undefined) this.#audit(outcome, outcome.auditProbability);
      else if (!outcome.shadow) this.#look(outcome);
    }
  }

  /** The truths that a device has been told in this run of its agent. */
  learnTruths(deviceId: string, report: TruthReport, run: string): void {
    this.#truths.take(deviceId, report, run);
  }

  /** A device that has left for good. */
  forget(deviceId: string): void {
    this.#truths.forget(deviceId);
  }

  /**
   * What the cell is told from now on; undefined while chance explains whatever differs. `attains`: whether the cell can still
   * keep its floor with it; one that is too much is applied as far as it can.
   */
  correct(attains: (correction: AccuracyCorrection) => boolean = () => true): AccuracyCorrection | undefined {
    const found = this.#found();
    this.#correction = found && asFarAs(attains, found);
    return this.#correction;
  }

  /** `connected`: the devices whose truths count. */
  accuracy(connected: Iterable<string>): CellAccuracy {
    const truths = this.#truths.reported(connected);
    const audits = this.#agreement.value();
    const correction = this.#correction;
    return { ...(truths && { truths }), ...(audits && { audits }), ...(correction && { correction }) };
  }

  #look({ placement: { variant }, margin, failure, lookAgainBelow, lookedAgain, firstLook }: Outcome): void {
    if (firstLook) {
      // When no second look succeeds, the answer of the first stands.
      this.#answer(failure === undefined ? variant : firstLook.placement.variant);
      if (failure === undefined) this.#secondLook(firstLook.placement.variant, variant, firstLook);
      return;
    }
    if (failure !== undefined) return;
    this.#first(variant)?.evidence.first(margin, lookAgainBelow);
    for (const [name, { evidence }] of this.#firsts) if (name !== variant) evidence.idle(1);
    if (!lookedAgain) this.#answer(variant, lookAgainBelow);
  }

  /** An answer of this variant stands; `above`: its margin is at least this. */
  #answer(variant: string, above = 0): void {
    const byBest = this.#isBest(variant);
    const strata = this.#best && this.#curves.get(pair(variant, this.#best.name))?.strata;
    this.#agreement.answer(byBest, byBest ? 1 : strata && 1 - changedAbove(strata, above));
  }

  #secondLook(first: string, second: string, { margin, agreed }: { margin: number; agreed: boolean }): void {
    const expected = this.#curves.get(pair(first, second));
    if (expected) this.#first(first)?.evidence.secondLook(margin, expected, agreed);
  }

  #audit({ placement, failure, firstLook }: Outcome, probability: number): void {
    if (failure !== undefined || !firstLook || !(probability > 0)) return;
    const { margin, agreed } = firstLook;
    const { variant } = firstLook.placement;
    if (this.#isBest(placement.variant)) this.#agreement.audit(agreed, probability);
    const expected = this.#curves.get(pair(variant, placement.variant));
    if (expected) this.#first(variant)?.evidence.audit(margin, expected, { agreed, weight: 1 / probability });
  }

  #isBest(variant: string): boolean {
    return variant === this.#best?.name;
  }

  /** Undefined for a variant that no curve compares with the most accurate one. */
  #first(variant: string): GuardedFirst | undefined {
    const known = this.#firsts.get(variant);
    const toBest = this.#best && this.#curves.get(pair(variant, this.#best.name));
    if (known || !toBest) return known;
    const first = { evidence: new FirstLookEvidence(toBest), alarm: new Alarm(), told: undefined };
    this.#firsts.set(variant, first);
    return first;
  }

  #found(): AccuracyCorrection | undefined {
    const firsts: FirstLookCorrection[] = [];
    for (const [variant, first] of this.#firsts) {
      const departure = first.evidence.departure();
      const sounds = first.alarm.hears(departure?.deviation ?? 0);
      const next = sounds && departure ? this.#correctionOf(variant, departure) : undefined;
      if (!next || !first.told || differs(next, first.told)) first.told = next;
      if (first.told) firsts.push(first.told);
    }
    const { shortfall } = this.#truths;
    return firsts.length > 0 || shortfall > 0 ? { shortfall, firsts } : undefined;
  }

  /** Undefined where nothing is lost: nothing is relaxed below the family's own figures. */
  #correctionOf(variant: string, { share, hidden }: Departure): FirstLookCorrection | undefined {
    const known = (this.#best?.accuracy ?? 0) - (this.#accuracyOf.get(variant) ?? Infinity);
    if (!(known > 0)) return undefined;
    const loss = Math.min(mostCorrection, Math.max(1, share) + hidden / known);
    const bounded = Math.max(1 / mostCorrection, Math.min(mostCorrection, share));
    return loss > 1 ? { variant, loss, share: bounded } : undefined;
  }
}

function expectedChanges(curve: LookCurve, pictures: number): (readonly [string, ExpectedChanges])[] {
  const strata = strataOf(curve);
  return strata ? [[pair(curve.first, curve.second), { strata, pictures: pictures / picturesASubject }]] : [];
}

const pair = (first: string, second: string) => JSON.stringify([first, second]);

const differs = (next: FirstLookCorrection, told: FirstLookCorrection): boolean =>
  Math.abs(next.loss - told.loss) > notable * told.loss ||
  Math.abs(next.share - told.share) > notable * told.share;
