import { nothingObserved, observed, Violations, WeirError } from '@weir/base';
import { mostTrials, type Rights, type TrialTruths, type TruthReport } from '@weir/domain';
import type { agent } from '@weir/proto';
import { toStatus } from '@weir/rpc';
import { isUsableId, limits } from '@weir/wire';
import type { AnswerMemory, GivenAnswer } from './answer-memory.ts';

/** What pictures truly showed, and what that says of the answers. */
export class Truths {
  readonly #memory: AnswerMemory;
  readonly #labels: ReadonlySet<string>;
  #right = nothingObserved;
  #firstRight = 0;
  #promised = 0;
  #shortfall = 0;
  /** By canary, the newest at last. */
  readonly #trials = new Map<string, TrialTruths>();

  /** `labels`: of the model family. */
  constructor(memory: AnswerMemory, labels: readonly string[]) {
    this.#memory = memory;
    this.#labels = new Set(labels);
  }

  /** A truth of this answer may come. */
  answered(requestId: string, { label, firstLabel, promised, shortfall, trial }: GivenAnswer): void {
    // What a worker calls its classes is a claim of any length: remember no name that cannot be right.
    const known = (said: string) => (this.#labels.has(said) ? said : '');
    const answer = { label: known(label), firstLabel: known(firstLabel), promised, shortfall, trial };
    this.#memory.add(requestId, answer);
  }

  /** Takes or refuses each truth by itself. Throws InvalidInput, taking none, when there are too many. */
  report({ truths }: agent.ReportTruthRequest): agent.TruthResult[] {
    const violations = new Violations();
    violations.list(truths, 'truths', limits.truths);
    violations.throwIfAny();
    return truths.map((truth, index) => {
      const requestId = isUsableId(truth.requestId) ? truth.requestId : '';
      try {
        this.#take(truth, `truths[${index}]`);
        return { requestId, refusal: undefined };
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        return { requestId, refusal: toStatus(error) };
      }
    });
  }

  /** Undefined before the first truth. */
  measured(): TruthReport | undefined {
    const { count, sum, variation } = this.#right;
    if (count === 0) return undefined;
    return {
      labelled: count,
      right: sum / count,
      promised: this.#promised / count,
      withoutShortfall: Math.min(1, (this.#promised + this.#shortfall) / count),
      firstRight: this.#firstRight / count,
      variation,
    };
  }

  /** What truths say of the trials of canaries; empty where there are none. */
  trials(): readonly TrialTruths[] {
    return [...this.#trials.values()];
  }

  #takeTrial({ canary, byCanary }: NonNullable<GivenAnswer['trial']>, right: boolean): void {
    const { ofCanary, ofControl } = this.#trials.get(canary) ?? { ofCanary: nobody, ofControl: nobody };
    const more = ({ labelled, right: before }: Rights) => ({
      labelled: labelled + 1,
      right: before + Number(right),
    });
    this.#trials.set(canary, {
      canary,
      ofCanary: byCanary ? more(ofCanary) : ofCanary,
      ofControl: byCanary ? ofControl : more(ofControl),
    });
    if (this.#trials.size > mostTrials) this.#trials.delete(this.#trials.keys().next().value!);
  }

  #take({ requestId, label }: agent.Truth, field: string): void {
    const violations = new Violations();
    violations.id(requestId, `${field}.request_id`);
    const [example] = this.#labels;
    violations.check(
      this.#labels.has(label),
      `${field}.label`,
      example === undefined
        ? 'the model family has no labels: only what a classifier said can be true'
        : `expected one of the ${this.#labels.size} labels of the model family, e.g. "${example}"`,
    );
    violations.throwIfAny();
    const answer = this.#memory.recall(requestId);
    this.#right = observed(this.#right, Number(answer.label === label));
    const firstRight = answer.firstLabel === label;
    this.#firstRight += Number(firstRight);
    this.#promised += answer.promised;
    this.#shortfall += answer.shortfall;
    if (answer.trial) this.#takeTrial(answer.trial, firstRight);
  }
}

const nobody: Rights = { labelled: 0, right: 0 };
