import type { RelativeNoise } from './noise.ts';

/** One innovation under suspicion. */
export interface Innovation {
  /** log(observed / predicted). */
  readonly z: number;
  /** Standard deviation expected of the body, noise and prediction. */
  readonly deviation: number;
  /** Who reported it; '' where only one can. */
  readonly reporter: string;
  /** How much of an independent measurement it is, (0, 1]: one over how many report the same one. */
  readonly evidence: number;
}

/** JSON form of a `ChangeDetector`. */
export interface ChangeState {
  readonly up: number;
  readonly down: number;
  readonly last: number | null;
  readonly window: readonly (readonly [z: number, deviation: number, reporter: string, evidence: number])[];
}

/** Most innovations that a change may take to show; slower drift is followed by forgetting. */
const longest = 64;
/** Lengths of the stretch, ending now, in which a change is looked for. */
const lengths = [2, 3, 4, 5, 6, 8, 11, 16, 22, 32, 45, 64];
/** Drift per innovation, in standard deviations, that opens no window. */
const slack = 0.25;
/** An innovation beyond this many standard deviations opens the window no further. */
const clipped = 3;
/** The cumulative sum grows no further: it must be able to come back. */
const mostSum = 30;
/** Cumulative sum from which a change is looked for at all. */
const suspicious = 3;
/** Evidence at which a change is called, nats. Source: docs/learning.md, "Change". */
const enough = 20;
/** Smaller changes, |log ratio|, are left to forgetting. */
const leastShift = 0.06;
/** A reporter alone, where others have reported lately, needs so many times the evidence, and no contradiction. */
const alone = 3;
/** Most of the evidence that one reporter contributes where several do, as a share of what is enough. */
const mostShare = 0.8;
/** The same of evidence against a change. */
const mostAgainst = 0.5;
/** Evidence against a change at which a reporter contradicts it, nats. */
const contradiction = 3;

/** What a detector hears of each innovation. */
export interface Heard extends Innovation {
  readonly noise: RelativeNoise;
  /** True when others have reported on the same thing lately: a change then needs more than one witness. */
  readonly othersReport: boolean;
}

/**
 * Tells a lasting change from noise and outliers: in the newest innovations it looks for a stretch that a common shift
 * explains better than noise does, by a generalised likelihood ratio (Lorden 1971; Lai 1995), with the density of the
 * noise's body and tail. Outliers rarely agree with each other; what has changed does. A cumulative sum of clipped
 * innovations (Page 1954) keeps the window short: it is emptied whenever nothing is suspicious.
 */
export class ChangeDetector {
  #up = 0;
  #down = 0;
  #last: number | undefined;
  #window: Innovation[] = [];

  /** The standardised innovation before this one. */
  get last(): number | undefined {
    return this.#last;
  }

  /** True while the newest innovation departs and nobody knows yet whether it is an outlier. */
  get suspects(): boolean {
    return Math.max(this.#up, this.#down) > suspicious - slack && Math.abs(this.#last ?? 0) > clipped;
  }

  /** The innovations that show a change, or undefined. */
  observe({
    z,
    deviation,
    reporter,
    evidence,
    noise,
    othersReport,
  }: Heard): readonly Innovation[] | undefined {
    const standard = Math.min(clipped, Math.max(-clipped, z / deviation));
    this.#last = z / deviation;
    this.#up = Math.min(mostSum, Math.max(0, this.#up + evidence * standard - evidence * slack));
    this.#down = Math.min(mostSum, Math.max(0, this.#down - evidence * standard - evidence * slack));
    if (this.#up === 0 && this.#down === 0) {
      if (this.#window.length > 0) this.#window = [];
      return undefined;
    }
    // Rounded, for the size of a snapshot.
    this.#window.push({
      z: rounded(z),
      deviation: Math.max(1e-4, rounded(deviation)),
      reporter,
      evidence: Math.max(1e-4, rounded(evidence)),
    });
    if (this.#window.length > longest) this.#window.shift();
    if (Math.max(this.#up, this.#down) < suspicious) return undefined;
    const changed = this.#stretch(noise, othersReport);
    if (changed) this.clear();
    return changed;
  }

  clear(): void {
    this.#up = this.#down = 0;
    this.#last = undefined;
    this.#window = [];
  }

  #stretch(noise: RelativeNoise, othersReport: boolean): readonly Innovation[] | undefined {
    const window = this.#window;
    const scale = noise.independence;
    /** Logarithms of the densities without a shift; most windows need none. */
    let without: readonly number[] | undefined;
    let sorted = 0;
    for (const length of lengths) {
      if (length > window.length) return undefined;
      for (; sorted < length; sorted++) insert(window.at(-1 - sorted)!.z, sorted);
      const shift = ascending[length >> 1]!;
      if (Math.abs(shift) < leastShift) continue;
      without ??= window.map(({ z, deviation }) => Math.log(noise.density(z, deviation)));
      const from = window.length - length;
      const stretch = window.slice(from);
      const byReporter = new Map<string, number>();
      for (const [at, { z, deviation, reporter, evidence }] of stretch.entries()) {
        const gained = Math.log(noise.density(z - shift, deviation)) - without[from + at]!;
        byReporter.set(reporter, (byReporter.get(reporter) ?? 0) + scale * evidence * gained);
      }
      if (suffices([...byReporter.values()], othersReport)) return stretch;
    }
    return undefined;
  }

  state(): ChangeState {
    return {
      up: this.#up,
      down: this.#down,
      last: this.#last ?? null,
      window: this.#window.map(({ z, deviation, reporter, evidence }) => [z, deviation, reporter, evidence]),
    };
  }

  restore({ up, down, last, window }: ChangeState): void {
    [this.#up, this.#down, this.#last] = [up, down, last ?? undefined];
    this.#window = window.map(([z, deviation, reporter, evidence]) => ({ z, deviation, reporter, evidence }));
  }
}

/**
 * Whether the evidence of each reporter, nats, adds up to a change. Two witnesses at least where several report, more
 * than contradict it, and none of them decides alone.
 */
function suffices(evidence: readonly number[], othersReport: boolean): boolean {
  if (evidence.length === 1) return evidence[0]! >= enough * (othersReport ? alone : 1);
  const witnesses = evidence.filter((each) => each > 0).length;
  const against = evidence.filter((each) => each < -contradiction).length;
  const bounded = evidence.map((each) => Math.max(-mostAgainst * enough, Math.min(mostShare * enough, each)));
  return witnesses >= 2 && witnesses > against && sumOf(bounded) >= enough;
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const rounded = (value: number) => Math.round(value * 1e4) / 1e4;

/** The shifts of a stretch, for their median; of all detectors, as each is done with it before the next looks. */
const ascending = new Float64Array(longest);

/** Puts a value where it belongs among the first `count` of them. */
function insert(value: number, count: number): void {
  let at = count;
  for (; at > 0 && ascending[at - 1]! > value; at--) ascending[at] = ascending[at - 1]!;
  ascending[at] = value;
}
