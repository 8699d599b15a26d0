import { finish, type Steps } from '@weir/base';
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
import { type Departures, type ExpectedChanges, FirstLookEvidence } from './evidence.ts';
import { FairTurns } from './fair-turns.ts';
import { FirstLookAlarms, type VariantDeparture } from './first-look-alarms.ts';
import { TruthShortfall } from './truth-shortfall.ts';

/** What a family says of itself. */
export interface GuardedFamily {
  readonly variants: readonly Variant[];
  /** Absent: nothing can be told of first looks. */
  readonly looks?: LookCurves | undefined;
}

/** Pictures of a curve that may show one subject, and then count as one. */
const picturesASubject = 4;
/** Outcomes of the past after which the alarms listen once: with some frames a second, about as often as they do in a cell. */
const recalledAtOnce = 20;

/** What a cell is told. */
export interface CellCorrection {
  /** Of the plan for all devices; undefined while chance explains whatever differs. */
  readonly plan: AccuracyCorrection | undefined;
  /** Of what a device is promised: what it says itself counts in full there. */
  readonly of: (deviceId: string) => AccuracyCorrection | undefined;
}

export interface CorrectOptions {
  /** Of the cell. What one of several says by itself corrects its own promises alone. */
  readonly devices: readonly string[];
  /**
   * Whether the cell can still keep its floor with it; one that is too much is applied as far as it can. @default it can
   */
  readonly attains?: (correction: AccuracyCorrection) => boolean;
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
  #firsts = new Map<string, FirstLookEvidence>();
  readonly #turns = new FairTurns();
  /** Of the plan, and of the devices that hear something else and whose alarms sound. */
  #alarms = new FirstLookAlarms();
  readonly #own = new Map<string, FirstLookAlarms>();
  #correction: AccuracyCorrection | undefined;
  /** Of the time before the service started; until it is known what to hold them against. */
  #past: readonly Outcome[] = [];

  /** Tells it of the family. Evidence on first looks starts anew with other curves, or another best variant. */
  observe(family: GuardedFamily): void {
    finish(this.observeInSteps(family));
  }

  /** The same with stops: with the first curves come all the outcomes to recall. Nothing is to be told of it until it is done. */
  *observeInSteps(family: GuardedFamily): Steps<void> {
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
        return toBest ? [[name, new FirstLookEvidence(toBest)]] : [];
      }),
    );
    this.#alarms = new FirstLookAlarms();
    this.#own.clear();
    if (this.#firsts.size > 0) yield* this.#recallPast();
  }

  /**
   * Learns from outcomes of the time before the service started, as soon as it knows of a family with curves: what has shown
   * itself by then need not show itself again. To be told before any others.
   */
  recall(outcomes: readonly Outcome[]): void {
    this.#past = outcomes;
  }

  /** It has outcomes to recall, once there are curves. */
  get hasPast(): boolean {
    return this.#past.length > 0;
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
    for (const evidence of this.#firsts.values()) evidence.forget(deviceId);
    this.#turns.forget(deviceId);
    this.#own.delete(deviceId);
    this.#agreement.forget(deviceId);
    this.#truths.forget(deviceId);
  }

  /** What the cell is told from now on. */
  correct(options: CorrectOptions): CellCorrection {
    return finish(this.correctInSteps(options));
  }

  /** The same with stops, as of a large cell it takes a while. */
  *correctInSteps({ devices, attains = () => true }: CorrectOptions): Steps<CellCorrection> {
    const parts = new Map<string, AccuracyCorrection | undefined>();
    const attained = (found: AccuracyCorrection | undefined) => {
      if (!found) return undefined;
      const key = JSON.stringify(found);
      if (!parts.has(key)) parts.set(key, asFarAs(attains, found));
      return parts.get(key);
    };
    const { plan, own } = yield* this.#found();
    yield;
    const corrections = new Map([...own].map(([deviceId, found]) => [deviceId, attained(found)]));
    const [alone] = devices.length === 1 ? devices : [];
    const correction = (alone !== undefined && corrections.get(alone)) || attained(plan);
    this.#correction = correction;
    return { plan: correction, of: (deviceId) => corrections.get(deviceId) ?? correction };
  }

  /** `connected`: the devices whose truths count. */
  accuracy(connected: Iterable<string>): CellAccuracy {
    const truths = this.#truths.reported(connected);
    const audits = this.#agreement.value();
    const correction = this.#correction;
    return { ...(truths && { truths }), ...(audits && { audits }), ...(correction && { correction }) };
  }

  *#recallPast(): Steps<void> {
    const past = this.#past;
    this.#past = [];
    for (let at = 0; at < past.length; at += recalledAtOnce) {
      this.learn(past.slice(at, at + recalledAtOnce));
      yield* this.#found();
      yield;
    }
  }

  #look(outcome: Outcome): void {
    const { deviceId, placement, margin, failure, lookAgainBelow, lookedAgain, firstLook } = outcome;
    const { variant } = placement;
    if (firstLook) {
      // When no second look succeeds, the answer of the first stands.
      if (!lookedAgain) this.#answer(deviceId, failure === undefined ? variant : firstLook.placement.variant);
      if (failure === undefined) this.#secondLook(deviceId, firstLook.placement.variant, variant, firstLook);
      return;
    }
    if (failure !== undefined) return;
    const turn = this.#turns.take(deviceId);
    for (const [name, evidence] of this.#firsts)
      if (name === variant) evidence.first(deviceId, { margin, lookAgainBelow, turn });
      else evidence.idle(deviceId, turn);
    if (!lookedAgain) this.#answer(deviceId, variant, lookAgainBelow);
  }

  /** An answer of this variant stands; `above`: its margin is at least this. */
  #answer(deviceId: string, variant: string, above = 0): void {
    const byBest = this.#isBest(variant);
    const strata = this.#best && this.#curves.get(pair(variant, this.#best.name))?.strata;
    const promised = byBest ? 1 : strata && 1 - changedAbove(strata, above);
    this.#agreement.answer(deviceId, { byBest, promised });
  }

  #secondLook(
    deviceId: string,
    first: string,
    second: string,
    { margin, agreed }: { margin: number; agreed: boolean },
  ): void {
    const expected = this.#curves.get(pair(first, second));
    if (expected) this.#firsts.get(first)?.secondLook(deviceId, margin, expected, agreed);
  }

  #audit({ deviceId, placement, failure, firstLook }: Outcome, probability: number): void {
    if (failure !== undefined || !firstLook || !(probability > 0)) return;
    const { margin, agreed } = firstLook;
    const { variant } = firstLook.placement;
    if (this.#isBest(placement.variant)) this.#agreement.audit(deviceId, { agreed, probability });
    const expected = this.#curves.get(pair(variant, placement.variant));
    if (expected) this.#firsts.get(variant)?.audit(deviceId, margin, expected, { agreed, probability });
  }

  #isBest(variant: string): boolean {
    return variant === this.#best?.name;
  }

  *#found(): Steps<Found> {
    const truths = this.#truths.shortfalls();
    yield;
    const looks = yield* this.#firstsFound();
    return {
      plan: correctionOf(truths.plan, looks.plan),
      own: new Map(
        [...looks.own.keys(), ...truths.own.keys()].map((deviceId) => {
          const shortfall = truths.own.get(deviceId) ?? truths.plan;
          return [deviceId, correctionOf(shortfall, looks.own.get(deviceId) ?? looks.plan)];
        }),
      ),
    };
  }

  *#firstsFound(): Steps<FirstsFound> {
    const own = new Map<string, readonly FirstLookCorrection[]>();
    // Whose words count is asked only where something is off.
    const quiet = !this.#alarms.sound && this.#own.size === 0;
    if (quiet && !(yield* this.#mayBegin())) return { plan: [], own };
    const departures: (Departures & Pick<VariantDeparture, 'variant' | 'known'>)[] = [];
    for (const [variant, evidence] of this.#firsts) {
      yield;
      const known = (this.#best?.accuracy ?? 0) - (this.#accuracyOf.get(variant) ?? 0);
      departures.push({ variant, known, ...(yield* evidence.departures()) });
    }
    const as = (deviceId?: string): VariantDeparture[] =>
      departures.map(({ heardBy, ...departure }) => ({ ...departure, heard: heardBy(deviceId) }));
    const forPlan = as();
    if (this.#alarms.hear(forPlan)) this.#begin((deviceId) => !this.#own.has(deviceId));
    const special = departures.flatMap((each) => [...each.special]);
    for (const deviceId of new Set([...special, ...this.#own.keys()])) {
      yield;
      const alarms = this.#own.get(deviceId) ?? new FirstLookAlarms();
      const heard = as(deviceId);
      if (alarms.hear(heard) && !this.#alarms.sound) this.#begin((id) => id === deviceId);
      if (alarms.sound) this.#own.set(deviceId, alarms);
      else this.#own.delete(deviceId);
      if (alarms.sound) own.set(deviceId, alarms.found(heard));
    }
    return { plan: this.#alarms.found(forPlan), own };
  }

  *#mayBegin(): Steps<boolean> {
    for (const evidence of this.#firsts.values()) {
      if (Alarm.mayBegin(evidence.deviation())) return true;
      yield;
    }
    return false;
  }

  /** What these devices saw of the pictures before counts little from now on. */
  #begin(hears: (deviceId: string) => boolean): void {
    for (const evidence of this.#firsts.values()) evidence.begin([...evidence.deviceIds].filter(hears));
  }
}

interface Found {
  readonly plan: AccuracyCorrection | undefined;
  /** Of the devices that hear something else. */
  readonly own: ReadonlyMap<string, AccuracyCorrection | undefined>;
}

interface FirstsFound {
  readonly plan: readonly FirstLookCorrection[];
  readonly own: ReadonlyMap<string, readonly FirstLookCorrection[]>;
}

const correctionOf = (
  shortfall: number,
  firsts: readonly FirstLookCorrection[],
): AccuracyCorrection | undefined => (firsts.length > 0 || shortfall > 0 ? { shortfall, firsts } : undefined);

function expectedChanges(curve: LookCurve, pictures: number): (readonly [string, ExpectedChanges])[] {
  const strata = strataOf(curve);
  return strata ? [[pair(curve.first, curve.second), { strata, pictures: pictures / picturesASubject }]] : [];
}

const pair = (first: string, second: string) => JSON.stringify([first, second]);
