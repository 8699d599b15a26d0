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
  readonly #reports = new Map<string, { readonly report: TruthReport; readonly run: string }>();
  readonly #alarm = new Alarm();
  #truths = 0;
  #right = 0;
  #promised = 0;
  #inForce = 0;
  #shortfall = 0;

  /** `run`: of the agent; another one counts anew. */
  take(deviceId: string, report: TruthReport, run: string): void {
    const before = this.#reports.get(deviceId);
    this.#reports.set(deviceId, { report, run });
    const goesOn = before?.run === run && report.labelled >= before.report.labelled;
    const { labelled, right, promised } = goesOn ? before.report : { labelled: 0, right: 0, promised: 0 };
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
    this.#shortfall = this.#value();
  }

  /** What promises are lowered by from now on: as much of the shortfall as the cell can do with. */
  inForce(shortfall: number): void {
    this.#inForce = shortfall;
  }

  forget(deviceId: string): void {
    this.#reports.delete(deviceId);
  }

  /** Accuracy that every variant is taken to lose, 0..1; 0 while chance explains it. */
  get shortfall(): number {
    return this.#shortfall;
  }

  /** Of these devices together; undefined before the first truth. */
  reported(deviceIds: Iterable<string>): TruthReport | undefined {
    const reports = [...deviceIds].flatMap((deviceId) => this.#reports.get(deviceId)?.report ?? []);
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
