import { nothingObserved, type RunningMean, together } from '@weir/base';
import type { TruthReport } from '@weir/domain';
import { Alarm } from './alarm.ts';

/** Truths that evidence halves in. */
const halfLife = 1_000;
/** A shortfall of fewer truths than these would be one of chance. */
const leastTruths = 50;

/**
 * What answers lack of the accuracy that they were promised, by the truths that devices have been told. Each device counts
 * since its agent started: what is new is the difference between two of its reports.
 */
export class TruthShortfall {
  readonly #reports = new Map<string, TruthReport>();
  readonly #alarm = new Alarm();
  #truths = 0;
  #right = 0;
  #promised = 0;
  #inForce = 0;

  /** `report`: undefined for a device that says nothing of truths. */
  take(deviceId: string, report: TruthReport | undefined): void {
    if (!report) return;
    const before = this.#reports.get(deviceId);
    this.#reports.set(deviceId, report);
    const goesOn = before && report.labelled >= before.labelled;
    const { labelled, right, promised } = goesOn ? before : { labelled: 0, right: 0, promised: 0 };
    const truths = report.labelled - labelled;
    if (truths === 0) return;
    const kept = 2 ** (-truths / halfLife);
    this.#truths = kept * this.#truths + truths;
    this.#right = kept * this.#right + report.right * report.labelled - right * labelled;
    // What was promised has been lowered already by what is in force: it must not seem to be made up for.
    this.#promised =
      kept * this.#promised +
      report.promised * report.labelled -
      promised * labelled +
      this.#inForce * truths;
    this.#inForce = this.#value();
  }

  forget(deviceId: string): void {
    this.#reports.delete(deviceId);
  }

  /** Accuracy that every variant is taken to lose, 0..1; 0 while chance explains it. */
  get shortfall(): number {
    return this.#inForce;
  }

  /** Of these devices together; undefined before the first truth. */
  reported(deviceIds: Iterable<string>): TruthReport | undefined {
    const reports = [...deviceIds].flatMap((deviceId) => this.#reports.get(deviceId) ?? []);
    const { count, sum, variation } = together(reports.map(meanOf));
    if (count === 0) return undefined;
    const weighed = (of: (report: TruthReport) => number) =>
      reports.reduce((all, report) => all + of(report) * report.labelled, 0) / count;
    return {
      labelled: count,
      right: sum / count,
      promised: weighed(({ promised }) => promised),
      firstRight: weighed(({ firstRight }) => firstRight),
      variation,
    };
  }

  #value(): number {
    if (this.#truths < leastTruths) return 0;
    const [right, promised] = [this.#right / this.#truths, this.#promised / this.#truths];
    const error = Math.sqrt((promised * (1 - Math.min(1, promised)) + 0.25 / this.#truths) / this.#truths);
    if (!this.#alarm.hears((promised - right) / error)) return 0;
    return Math.max(0, Math.min(1, promised - right));
  }
}

const meanOf = ({ labelled, right, variation }: TruthReport): RunningMean =>
  labelled > 0 ? { count: labelled, sum: right * labelled, variation } : nothingObserved;
