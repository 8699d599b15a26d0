import { boundLevel, meanAtLeast, nothingObserved, observedInPart, type RunningMean } from '@weir/base';
import type { AuditedAccuracy } from '@weir/domain';

/** Of the answers, this share must be ones that curves say something of, or the promise is not told. */
const leastPromised = 0.95;

/**
 * How often a cell's answers agree with those of its most accurate variant: its own do, of the others as many as of those
 * audited. Anytime-valid where answers are drawn for audits by chance, and whether an audit that was drawn then takes place
 * has nothing to do with the answer.
 */
export class AuditedAgreement {
  #own = 0;
  #others = 0;
  #audits = 0;
  /** Of audited answers; each stands for as many as its probability says. */
  #agreed: RunningMean = nothingObserved;
  #firstProbability: number | undefined;
  #promised = 0;
  #promisedAnswers = 0;

  /** `promised`: probability that it agrees, as the curves say; undefined where they do not. */
  answer(byBest: boolean, promised: number | undefined): void {
    if (byBest) this.#own++;
    else this.#others++;
    if (promised === undefined) return;
    this.#promised += promised;
    this.#promisedAnswers++;
  }

  audit(agreed: boolean, probability: number): void {
    this.#audits++;
    this.#firstProbability ??= probability;
    // Stakes are limited by the first: those drawn with a smaller probability count no more than it.
    const weight = Math.min(1, this.#firstProbability / probability);
    this.#agreed = observedInPart(this.#agreed, Number(agreed), weight);
  }

  /** Undefined before the first audit. */
  value(): AuditedAccuracy | undefined {
    if (this.#audits === 0) return undefined;
    const answers = Math.max(1, this.#own + this.#others);
    const ofAll = (ofOthers: number) => (this.#own + this.#others * ofOthers) / answers;
    const { count, sum } = this.#agreed;
    return {
      audits: this.#audits,
      agreed: ofAll(sum / count),
      ...(this.#promisedAnswers >= leastPromised * answers && {
        promised: this.#promised / this.#promisedAnswers,
      }),
      lowerBound: ofAll(meanAtLeast(this.#agreed)),
      level: boundLevel,
    };
  }
}
