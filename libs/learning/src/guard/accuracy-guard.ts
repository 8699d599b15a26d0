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
/** First looks from which a variant's own evidence counts for more than that of the one that has departed. */
const leaderLooks = 300;
/** A correction is told anew when it has changed by this much. */
const notable = 0.1;
/** Outcomes of the past after which the alarms listen once: with some frames a second, about as often as they do in a cell. */
const recalledAtOnce = 20;
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
  /** Of the time before the service started; until it is known what to hold them against. */
  #past: readonly Outcome[] = [];
  /** Any first look departs beyond chance. */
  #sounds = false;

  /** Tells it of the family. Evidence on first looks starts anew with other curves, or another best variant. */
  observe(family: GuardedFamily): void {
    const { variants, looks } = family;
    if (variants === this.#family.variants && looks === this.#family.looks) return;
    const formerBest = this.#best?.name;
    const sameCurves = looks?.version === this.#family.looks?.version;
    this.#family = family;
    this.#best = variants.reduce<Variant | undefined>(
      (best, variant) => (best && best.accuracy >= variant.accuracy ? best : variant),
      undefined,
    );
    this.#accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    if (sameCurves && this.#best?.name === formerBest) return;
    this.#curves = new Map((looks?.curves ?? []).flatMap((curve) => expectedChanges(curve, looks!.pictures)));
    this.#firsts = new Map(
      variants.flatMap(({ name }) => {
        const toBest = this.#best && this.#curves.get(pair(name, this.#best.name));
        return toBest
          ? [[name, { evidence: new FirstLookEvidence(toBest), alarm: new Alarm(), told: undefined }]]
          : [];
      }),
    );
    if (this.#firsts.size > 0) this.#recallPast();
  }

  /**
   * Learns from outcomes of the time before the service started, as soon as it knows of a family with curves: what has shown
   * itself by then need not show itself again. To be told before any others.
   */
  recall(outcomes: readonly Outcome[]): void {
    this.#past = outcomes;
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
    for (const { evidence } of this.#firsts.values()) evidence.forget(deviceId);
    this.#agreement.forget(deviceId);
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

  #recallPast(): void {
    const past = this.#past;
    this.#past = [];
    for (let at = 0; at < past.length; at += recalledAtOnce) {
      this.learn(past.slice(at, at + recalledAtOnce));
      this.#found();
    }
  }

  #look(outcome: Outcome): void {
    const { deviceId, placement, margin, failure, lookAgainBelow, lookedAgain, firstLook } = outcome;
    const { variant } = placement;
    if (firstLook) {
      // When no second look succeeds, the answer of the first stands.
      if (!lookedAgain) this.#answer(deviceId, failure === undefined ? variant : firstLook.placement.variant);
      if (failure === undefined) this.#secondLook(firstLook.placement.variant, variant, firstLook);
      return;
    }
    if (failure !== undefined) return;
    this.#firsts.get(variant)?.evidence.first(deviceId, margin, lookAgainBelow);
    for (const [name, { evidence }] of this.#firsts) if (name !== variant) evidence.idle(1);
    if (!lookedAgain) this.#answer(deviceId, variant, lookAgainBelow);
  }

  /** An answer of this variant stands; `above`: its margin is at least this. */
  #answer(deviceId: string, variant: string, above = 0): void {
    const byBest = this.#isBest(variant);
    const strata = this.#best && this.#curves.get(pair(variant, this.#best.name))?.strata;
    const promised = byBest ? 1 : strata && 1 - changedAbove(strata, above);
    this.#agreement.answer(deviceId, { byBest, promised });
  }

  #secondLook(first: string, second: string, { margin, agreed }: { margin: number; agreed: boolean }): void {
    const expected = this.#curves.get(pair(first, second));
    if (expected) this.#firsts.get(first)?.evidence.secondLook(margin, expected, agreed);
  }

  #audit({ deviceId, placement, failure, firstLook }: Outcome, probability: number): void {
    if (failure !== undefined || !firstLook || !(probability > 0)) return;
    const { margin, agreed } = firstLook;
    const { variant } = firstLook.placement;
    if (this.#isBest(placement.variant)) this.#agreement.audit(deviceId, { agreed, probability });
    const expected = this.#curves.get(pair(variant, placement.variant));
    if (expected)
      this.#firsts.get(variant)?.evidence.audit(margin, expected, { agreed, weight: 1 / probability });
  }

  #isBest(variant: string): boolean {
    return variant === this.#best?.name;
  }

  #found(): AccuracyCorrection | undefined {
    const { shortfall } = this.#truths;
    const firsts = this.#firstsFound();
    return firsts.length > 0 || shortfall > 0 ? { shortfall, firsts } : undefined;
  }

  /**
   * Once one variant's looks have departed beyond chance, it is asked of no other whether pictures have changed, but only by
   * how much: those that have looked little are taken to lose as many times as much as that one.
   */
  #firstsFound(): FirstLookCorrection[] {
    const departures = [...this.#firsts].map(([variant, first]) => {
      const departure = first.evidence.departure();
      return { variant, first, departure, sounds: first.alarm.hears(departure.deviation) };
    });
    const sound = departures.some(({ sounds }) => sounds);
    if (sound && !this.#sounds) for (const { first } of departures) first.evidence.begin();
    this.#sounds = sound;
    const found = departures.map(({ variant, first, departure, sounds }) => {
      return { variant, first, sounds, looks: departure.looks, ...this.#factors(variant, departure) };
    });
    const sounding = found.filter(({ sounds }) => sounds).sort((a, b) => b.looks - a.looks);
    const [leader] = sounding;
    return found.flatMap(({ variant, first, looks, loss, share }) => {
      const trust = looks / (looks + leaderLooks);
      const next = leader && {
        variant,
        loss: trust * loss + (1 - trust) * leader.loss,
        share: trust * share + (1 - trust) * leader.share,
      };
      if (!next || next.loss <= 1) first.told = undefined;
      else if (!first.told || differs(next, first.told)) first.told = next;
      return first.told ?? [];
    });
  }

  /** Nothing is relaxed below the family's own figures. */
  #factors(variant: string, { share, hidden }: Departure): { readonly loss: number; readonly share: number } {
    const known = (this.#best?.accuracy ?? 0) - (this.#accuracyOf.get(variant) ?? 0);
    const bounded = Math.max(1 / mostCorrection, Math.min(mostCorrection, share));
    if (!(known > 0)) return { loss: 1, share: bounded };
    return { loss: Math.min(mostCorrection, Math.max(1, share) + hidden / known), share: bounded };
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
