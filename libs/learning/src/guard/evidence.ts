import { type Stratum, stratumOf } from './curve-strata.ts';
import { Likeness } from './likeness.ts';
import { type Fading, PictureCount } from './picture-count.ts';

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
/** Changes expected, less those expected of certain ones, from which a mean is taken to be normal. */
const leastChance = 5;

/**
 * Evidence on one variant's first looks, older looks weighing ever less. Margins tell how many frames are uncertain; second
 * looks and audits tell how often the answers change at margins where the curves expect fewer changes.
 */
export class FirstLookEvidence {
  readonly #toBest: ExpectedChanges;
  readonly #pictures = new PictureCount();
  readonly #likeness = new Likeness();
  readonly #gain = new FadingMean();
  readonly #due = new FadingMean();
  readonly #below = new Excess();
  readonly #standing = new Excess();
  /** Probabilities of the audits. */
  readonly #drawn = new FadingMean();

  /** `toBest`: of second looks by the most accurate variant. */
  constructor(toBest: ExpectedChanges) {
    this.#toBest = toBest;
  }

  first(deviceId: string, margin: number, lookAgainBelow = 0): void {
    const kept = 2 ** (-1 / halfLife);
    this.#fade(kept, 'older');
    this.#likeness.fade(kept);
    this.#pictures.add(margin);
    this.#likeness.add(deviceId, margin);
    this.#gain.add(stratumOf(this.#toBest.strata, margin).gain);
    this.#due.add(Number(margin < lookAgainBelow));
  }

  /** Other variants have looked first. */
  idle(looks: number): void {
    this.#fade(2 ** (-looks / idleHalfLife), 'fewer');
  }

  /** Pictures have begun to differ: what was seen of those before counts little from now on. */
  begin(): void {
    this.#fade(keptOfBefore, 'fewer');
  }

  /** A device that has left for good. */
  forget(deviceId: string): void {
    this.#likeness.forget(deviceId);
  }

  secondLook(margin: number, expected: ExpectedChanges, agreed: boolean): void {
    this.#below.add({ margin, changed: !agreed, expected: stratumOf(expected.strata, margin).changed });
  }

  audit(
    margin: number,
    expected: ExpectedChanges,
    { agreed, weight }: { agreed: boolean; weight: number },
  ): void {
    const { changed } = stratumOf(expected.strata, margin);
    this.#drawn.add(1 / weight);
    this.#standing.add({ margin, changed: !agreed, expected: changed, weight });
  }

  departure(): Departure {
    const { looksPerSubject, count } = this.#likeness;
    const looks = this.#pictures.count / looksPerSubject;
    if (looks === 0) return { looks: 0, share: 1, hidden: 0, deviation: 0 };
    const { pictures, strata } = this.#toBest;
    const gain = expectedOf(strata, ({ gain: own }) => own);
    const gainVariance = expectedOf(strata, ({ gain: own }) => (own - gain) ** 2);
    const visible = this.#gain.mean - gain;
    const visibleVariance = gainVariance * (1 / looks + 1 / pictures);

    const due = this.#due.mean;
    const below = this.#below.read({ pictures: due * pictures, looksPerSubject });
    const standing = this.#standing.read({
      pictures: (1 - due) * pictures,
      // Second looks come one after the other while a subject lasts; audits are drawn, and seldom meet it twice.
      looksPerSubject: 1 + (looksPerSubject - 1) * this.#drawn.mean,
    });
    const seenBelow = shrunk({ ...below, prior: Math.max(0, visible) });
    const seenStanding = shrunk({ ...standing, prior: seenBelow });
    const lostUnseen = Math.max(0, seenStanding, due * seenBelow + (1 - due) * seenStanding);
    const deviation = Math.max(
      inErrors(visible, visibleVariance),
      below.deviation,
      standing.deviation,
      pooledDeviation(below.estimate, standing.estimate),
    );
    return {
      looks,
      share: gain > 0 ? this.#gain.mean / gain : 1,
      hidden: lostUnseen + caution * errorOf(below.estimate, standing.estimate),
      deviation: count < leastLooks ? 0 : deviation,
    };
  }

  #fade(kept: number, as: Fading): void {
    for (const sum of [this.#pictures, this.#below, this.#standing]) sum.fade(kept, as);
    for (const sum of [this.#gain, this.#due, this.#drawn]) sum.fade(kept);
  }
}

const expectedOf = (strata: readonly Stratum[], of: (stratum: Stratum) => number): number =>
  strata.reduce((sum, stratum) => sum + stratum.share * of(stratum), 0);

/** The mean as so many looks more, that found what is expected beforehand, would leave it. */
const shrunk = ({ mean, count, prior }: { mean: number; count: number; prior: number }): number =>
  (count * mean + priorLooks * prior) / (count + priorLooks);

interface Estimate {
  readonly mean: number;
  readonly variance: number;
}

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

const inErrors = (mean: number, variance: number): number => (variance > 0 ? mean / Math.sqrt(variance) : 0);

/** A mean in which old values weigh ever less. */
class FadingMean {
  #weight = 0;
  #sum = 0;

  add(value: number, weight = 1): void {
    this.#weight += weight;
    this.#sum += weight * value;
  }

  fade(kept: number): void {
    this.#weight *= kept;
    this.#sum *= kept;
  }

  get mean(): number {
    return this.#weight > 0 ? this.#sum / this.#weight : 0;
  }
}

/** Whether another look at a picture said something else. */
interface Change {
  /** Of the first look. */
  readonly margin: number;
  readonly changed: boolean;
  /** Probability of it, as the curve says. */
  readonly expected: number;
  /** @default 1 */
  readonly weight?: number;
}

interface ExcessChanges {
  /** Of the answers that would have agreed. */
  readonly mean: number;
  /** Looks that it is known from, each at a subject of its own. */
  readonly count: number;
  /** Of the mean, were the curve right; undefined where too few changes are expected for a mean to be normal. */
  readonly estimate: Estimate | undefined;
  /** How far it is above nothing, in standard errors. */
  readonly deviation: number;
}

/** Changes beyond the expected ones. */
class Excess {
  readonly #pictures = new PictureCount();
  readonly #excess = new FadingMean();
  readonly #expected = new FadingMean();
  readonly #chance = new FadingMean();

  add({ margin, changed, expected, weight = 1 }: Change): void {
    this.#pictures.add(margin, weight);
    this.#excess.add(Number(changed) - expected, weight);
    this.#expected.add(expected, weight);
    this.#chance.add(expected * (1 - expected), weight);
  }

  fade(kept: number, as: Fading): void {
    for (const sum of [this.#pictures, this.#excess, this.#expected, this.#chance]) sum.fade(kept, as);
  }

  /** `pictures`: that the curve was measured on there; `looksPerSubject`: that tell as much as one. */
  read({ pictures, looksPerSubject }: { pictures: number; looksPerSubject: number }): ExcessChanges {
    const count = this.#pictures.count / looksPerSubject;
    const unchanged = 1 - this.#expected.mean;
    const mean = this.#excess.mean / unchanged;
    if (count * this.#chance.mean >= leastChance && pictures > 0) {
      const variance = (this.#chance.mean * (1 / count + 1 / pictures)) / unchanged ** 2;
      return { count, mean, estimate: { mean, variance }, deviation: inErrors(mean, variance) };
    }
    // The square root of a count of rare changes is nearly normal (Anscombe 1948).
    const expected = count * this.#expected.mean;
    const seen = expected + count * this.#excess.mean;
    const deviation = 2 * (Math.sqrt(seen + 3 / 8) - Math.sqrt(expected + 3 / 8));
    return { count, mean, estimate: undefined, deviation };
  }
}
