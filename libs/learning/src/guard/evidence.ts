import type { Steps } from '@weir/base';
import { type Stratum, stratumOf } from './curve-strata.ts';
import { DeviceLooks } from './device-looks.ts';
import { type Estimate, type ExcessChanges, excessOf, inErrors } from './excess.ts';
import { meanOf } from './fading-mean.ts';
import { Likeness } from './likeness.ts';
import { SharedPictures } from './picture-count.ts';
import { type Heard, heardInFull, Views } from './views.ts';

/** What a curve says of pairs of looks, as far as evidence is held against it. */
export interface ExpectedChanges {
  readonly strata: readonly Stratum[];
  /** That the curve was measured on, each of another subject. */
  readonly pictures: number;
}

/** How one variant's first looks differ from what the curves say. */
export interface Departure {
  /** First looks at different subjects that it is known from, of equal weight. */
  readonly looks: number;
  /** Frames below a threshold over what the curve says, thresholds weighed by what second looks gain there; 1: as it says. */
  readonly share: number;
  /** Changes beyond those that the margins explain, per frame, where answers stand: at most this accuracy is lost unseen. */
  readonly hidden: number;
  /** How far all that is lost, as margins show it and besides, is above nothing, in standard errors. */
  readonly deviation: number;
}

/**
 * First looks that evidence halves in: a drift shows after some hundreds, and a tenth of the frames looked at again is still a
 * hundred second looks.
 */
export const halfLife = 1_000;
/** First looks by other variants that halve it too: what a variant was like that is not used any more need not last. */
const idleHalfLife = 10 * halfLife;
/**
 * Where a drift shows in the margins, as much again is taken to be lost unseen, and as much where answers stand as below the
 * thresholds, until more looks than these say otherwise. On the embedded family's answers to blurred, flat, dark and noisy
 * pictures 0 to 2.5 times as much was lost unseen, 1.1 times in all.
 */
const priorLooks = 50;
/** Standard errors by which more is taken to be lost unseen than was seen: a floor is to hold, not to be met half of the time. */
const caution = 1;
/** What evidence from before a drift was noticed counts for afterwards. */
const keptOfBefore = 0.4;
/** First looks before which it cannot be told whether all of them were at one subject. */
const leastLooks = 128;
/** Standard errors by which one device may raise what is taken to be lost above what the others say. */
const believable = 2;
/** Looks of all devices count for at most so many times as many as are heard. */
const mostBacked = 3;
/** Devices whose looks are remembered. */
const mostDevices = 1_024;

/** What is heard of first looks: of their margins, of second looks and of audits. */
interface HeardLooks {
  readonly first: Heard<DeviceLooks>;
  readonly below: Heard<DeviceLooks>;
  readonly standing: Heard<DeviceLooks>;
}

export interface FirstLookTold {
  readonly margin: number;
  /** @default 0 */
  readonly lookAgainBelow?: number | undefined;
  /** How much older it makes what other devices have told, 0..1 looks. */
  readonly turn: number;
}

/** How pictures differ, as each device may hear it. */
export interface Departures {
  /** By everything that is said. */
  readonly all: Departure;
  /** Devices that hear something else than the others. */
  readonly special: ReadonlySet<string>;
  /** As this device hears it; without one: as one that has told nothing. */
  readonly heardBy: (deviceId?: string) => Departure;
}

/**
 * Evidence on one variant's first looks, by device, older looks weighing ever less. Margins tell how many frames are uncertain;
 * second looks and audits tell how often the answers change at margins where the curves expect fewer changes.
 */
export class FirstLookEvidence {
  readonly #toBest: ExpectedChanges;
  readonly #gain: number;
  readonly #gainVariance: number;
  readonly #devices = new Map<string, DeviceLooks>();
  readonly #shared = {
    looks: new SharedPictures(),
    below: new SharedPictures(),
    standing: new SharedPictures(),
  };
  /** Of what all devices have told, so far. */
  readonly #halvings = { older: 0, fewer: 0 };

  /** `toBest`: of second looks by the most accurate variant. */
  constructor(toBest: ExpectedChanges) {
    this.#toBest = toBest;
    this.#gain = expectedOf(toBest.strata, ({ gain }) => gain);
    this.#gainVariance = expectedOf(toBest.strata, ({ gain }) => (gain - this.#gain) ** 2);
  }

  first(deviceId: string, { margin, lookAgainBelow = 0, turn }: FirstLookTold): void {
    this.#halvings.older += turn / halfLife;
    const looks = this.#of(deviceId);
    looks.fade((1 - turn) / halfLife, 'older');
    const { gain } = stratumOf(this.#toBest.strata, margin);
    looks.first(margin, { gain, due: margin < lookAgainBelow });
    this.#shared.looks.add(margin, looks.pictures);
  }

  /** Another variant has looked first; `turn`: as of a first look. */
  idle(deviceId: string, turn: number): void {
    this.#halvings.fewer += turn / idleHalfLife;
    if (turn < 1 && this.#devices.has(deviceId)) this.#of(deviceId).fade((1 - turn) / idleHalfLife, 'fewer');
  }

  /** Pictures have begun to differ, as these devices hear it: what they saw of those before counts little from now on. */
  begin(deviceIds: Iterable<string>): void {
    for (const deviceId of deviceIds) this.#devices.get(deviceId)?.fade(-Math.log2(keptOfBefore), 'fewer');
  }

  /** A device that has left for good: so does what it has told. */
  forget(deviceId: string): void {
    this.#devices.delete(deviceId);
  }

  get deviceIds(): Iterable<string> {
    return this.#devices.keys();
  }

  secondLook(deviceId: string, margin: number, expected: ExpectedChanges, agreed: boolean): void {
    const { below } = this.#of(deviceId);
    below.add({ margin, changed: !agreed, expected: stratumOf(expected.strata, margin).changed });
    this.#shared.below.add(margin, below.pictures);
  }

  audit(
    deviceId: string,
    margin: number,
    expected: ExpectedChanges,
    { agreed, probability }: { agreed: boolean; probability: number },
  ): void {
    const { drawn, standing } = this.#of(deviceId);
    const { changed } = stratumOf(expected.strata, margin);
    const weight = 1 / probability;
    drawn.add(probability);
    standing.add({ margin, changed: !agreed, expected: changed, weight });
    this.#shared.standing.add(margin, standing.pictures);
  }

  /** How far what is said in all is off, in standard errors. */
  deviation(): number {
    for (const looks of this.#devices.values()) looks.bring(this.#halvings);
    const all = this.#readAll();
    return this.#departure(all, all).deviation;
  }

  /** With stops, as of a large cell each reading takes a while. */
  *departures(): Steps<Departures> {
    for (const looks of this.#devices.values()) looks.bring(this.#halvings);
    const all = this.#readAll();
    yield;
    const first = new Views(this.#devices, {
      weight: ({ gain }) => gain.weight,
      loudness: ({ gain }) => gain.sum - this.#gain * gain.weight,
    });
    const below = new Views(this.#devices, {
      weight: ({ below }) => below.excess.weight,
      loudness: ({ below }) => below.excess.sum,
    });
    const standing = new Views(this.#devices, {
      weight: ({ standing }) => standing.excess.weight,
      loudness: ({ standing }) => standing.excess.sum,
    });
    yield;
    const heardBy = (deviceId?: string) => {
      const [of, again, audits] = [first, below, standing].map((views) => views.heardBy(deviceId));
      return this.#departure(this.#read({ first: of!, below: again!, standing: audits! }), all);
    };
    const special = new Set([first, below, standing].flatMap((views) => views.special));
    const others = heardBy();
    yield;
    return {
      all: this.#departure(all, all),
      special,
      heardBy: (deviceId) => (deviceId !== undefined && special.has(deviceId) ? heardBy(deviceId) : others),
    };
  }

  #readAll(): Reading {
    const all = heardInFull(this.#devices);
    return this.#read({ first: all, below: all, standing: all });
  }

  #of(deviceId: string): DeviceLooks {
    const looks = this.#devices.get(deviceId) ?? new DeviceLooks(this.#halvings);
    this.#devices.set(deviceId, looks);
    if (this.#devices.size > mostDevices) this.#devices.delete(this.#devices.keys().next().value!);
    looks.bring(this.#halvings);
    return looks;
  }

  #read({ first, below: seenAgain, standing: audited }: HeardLooks): Reading {
    const { looksPerSubject, count } = Likeness.together(first.parts, ({ likeness }) => likeness);
    const looks = this.#shared.looks.count(first.parts, (each) => each.pictures) / looksPerSubject;
    const { pictures } = this.#toBest;
    const mean = meanOf(first.parts, ({ gain }) => gain) - this.#gain;
    const variance = this.#gainVariance * (1 / looks + 1 / pictures);
    const due = meanOf(first.parts, (each) => each.due);
    const below = excessOf(seenAgain.parts, (each) => each.below, this.#shared.below, {
      pictures: due * pictures,
      looksPerSubject,
    });
    const drawn = meanOf(audited.parts, (each) => each.drawn);
    const standing = excessOf(audited.parts, (each) => each.standing, this.#shared.standing, {
      pictures: (1 - due) * pictures,
      // Second looks come one after the other while a subject lasts; audits are drawn, and seldom meet it twice.
      looksPerSubject: 1 + (looksPerSubject - 1) * drawn,
    });
    const lowered = Math.max(first.lowered, seenAgain.lowered, audited.lowered);
    return { looks, enough: count >= leastLooks, visible: { mean, variance }, due, below, standing, lowered };
  }

  /** `heard`: without the loudest; how far it is off is what `all` say, but for what chance would not explain. */
  #departure(heard: Reading, all: Reading): Departure {
    const { looks, due, below, standing } = heard;
    if (looks === 0) return { looks: 0, share: 1, hidden: 0, deviation: 0 };
    const visible = within(all.visible, heard.visible);
    const seenBelow = shrunk({
      mean: within(all.below, below),
      count: backed(all.below.count, below.count),
      prior: Math.max(0, visible),
    });
    const seenStanding = shrunk({
      mean: within(all.standing, standing),
      count: backed(all.standing.count, standing.count),
      prior: seenBelow,
    });
    const lostUnseen = Math.max(0, seenStanding, due * seenBelow + (1 - due) * seenStanding);
    const deviation = Math.max(
      inErrors(heard.visible.mean, heard.visible.variance),
      below.deviation,
      standing.deviation,
      pooledDeviation(below.estimate, standing.estimate),
    );
    return {
      looks: backed(all.looks, looks),
      share: this.#gain > 0 ? 1 + visible / this.#gain : 1,
      hidden:
        lostUnseen +
        caution *
          (errorOf(below.estimate, standing.estimate) || errorOf(all.below.estimate, all.standing.estimate)),
      deviation: heard.enough ? deviation + heard.lowered : 0,
    };
  }
}

/** What looks say, by those that are heard. */
interface Reading {
  /** As of `Departure`. */
  readonly looks: number;
  /** Enough of them to tell how alike they are. */
  readonly enough: boolean;
  /** Gain of second looks beyond what the curve says. */
  readonly visible: Estimate;
  /** Share of the frames that are looked at again. */
  readonly due: number;
  readonly below: ExcessChanges;
  readonly standing: ExcessChanges;
  /** As of `Heard`. */
  readonly lowered: number;
}

const backed = (looks: number, heard: number): number => Math.min(looks, mostBacked * heard);

/** A mean, as far as that of those that are heard makes it believable. */
const within = ({ mean }: Estimate, heard: Estimate): number =>
  Math.min(mean, heard.mean + believable * Math.sqrt(heard.variance));

const expectedOf = (strata: readonly Stratum[], of: (stratum: Stratum) => number): number =>
  strata.reduce((sum, stratum) => sum + stratum.share * of(stratum), 0);

/** The mean as so many looks more, that found what is expected beforehand, would leave it. */
const shrunk = ({ mean, count, prior }: { mean: number; count: number; prior: number }): number =>
  (count * mean + priorLooks * prior) / (count + priorLooks);

/** Of the mean of both, each weighed by how sure it is. */
function pooledDeviation(one: Estimate | undefined, other: Estimate | undefined): number {
  if (!one || !other) return 0;
  const precision = 1 / one.variance + 1 / other.variance;
  return (one.mean / one.variance + other.mean / other.variance) / Math.sqrt(precision);
}

/** Standard error of the mean of both; 0 where neither is known. */
function errorOf(one: Estimate | undefined, other: Estimate | undefined): number {
  const precision = (one ? 1 / one.variance : 0) + (other ? 1 / other.variance : 0);
  return precision > 0 ? 1 / Math.sqrt(precision) : 0;
}
