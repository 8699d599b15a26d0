import { boundLevel, meanAtLeast, nothingObserved, observedInPart, type RunningMean } from '@weir/base';
import type { AuditedAccuracy } from '@weir/domain';

/** Of the answers, this share must be ones that curves say something of, or the promise is not told. */
const leastPromised = 0.95;

interface Answers {
  /** By the most accurate variant, and by others. */
  readonly own: number;
  readonly others: number;
  /** Sum of the probabilities that they agree, as the curves say, and of how many answers. */
  readonly promised: number;
  readonly promisedOf: number;
}

const none: Answers = { own: 0, others: 0, promised: 0, promisedOf: 0 };

const sum = (a: Answers, b: Answers): Answers => ({
  own: a.own + b.own,
  others: a.others + b.others,
  promised: a.promised + b.promised,
  promisedOf: a.promisedOf + b.promisedOf,
});

/**
 * How often answers agree with those of the cell's most accurate variant: its own do, of the others as many as of those
 * audited. It speaks of the devices of which an audit has come. Anytime-valid where answers are drawn for audits by chance, with
 * about the same probability, and whether an audit that was drawn then takes place has nothing to do with the answer.
 */
export class AuditedAgreement {
  /** Of devices of which no audit has come yet. */
  readonly #unaudited = new Map<string, Answers>();
  readonly #audited = new Set<string>();
  #answers = none;
  #audits = 0;
  /** Of audited answers; each stands for as many as its probability says. */
  #agreed: RunningMean = nothingObserved;
  #probabilities = 0;

  /** `promised`: probability that it agrees, as the curves say; undefined where they do not. */
  answer(deviceId: string, { byBest, promised }: { byBest: boolean; promised: number | undefined }): void {
    const one: Answers = {
      own: Number(byBest),
      others: Number(!byBest),
      promised: promised ?? 0,
      promisedOf: Number(promised !== undefined),
    };
    if (this.#audited.has(deviceId)) this.#answers = sum(this.#answers, one);
    else this.#unaudited.set(deviceId, sum(this.#unaudited.get(deviceId) ?? none, one));
  }

  audit(deviceId: string, { agreed, probability }: { agreed: boolean; probability: number }): void {
    this.#answers = sum(this.#answers, this.#unaudited.get(deviceId) ?? none);
    this.#unaudited.delete(deviceId);
    this.#audited.add(deviceId);
    this.#audits++;
    this.#probabilities += probability;
    // Stakes are limited: what is drawn less often than the mean so far counts no more than that.
    const weight = Math.min(1, this.#probabilities / this.#audits / probability);
    this.#agreed = observedInPart(this.#agreed, Number(agreed), weight);
  }

  /** What it has answered stays counted. */
  forget(deviceId: string): void {
    this.#unaudited.delete(deviceId);
    this.#audited.delete(deviceId);
  }

  /** Undefined before the first audit. */
  value(): AuditedAccuracy | undefined {
    if (this.#audits === 0) return undefined;
    const { own, others, promised, promisedOf } = this.#answers;
    const answers = Math.max(1, own + others);
    const ofAll = (ofOthers: number) => (own + others * ofOthers) / answers;
    const { count, sum: agreed } = this.#agreed;
    return {
      audits: this.#audits,
      agreed: ofAll(agreed / count),
      ...(promisedOf >= leastPromised * answers && { promised: promised / promisedOf }),
      lowerBound: ofAll(meanAtLeast(this.#agreed)),
      level: boundLevel,
    };
  }
}
