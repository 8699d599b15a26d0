import { nothingObserved, type RunningMean, together } from '@weir/base';
import type { TruthReport } from '@weir/domain';
import { Alarm } from './alarm.ts';

/** Truths that evidence halves in. */
const halfLife = 1_000;
/** Most that one report weighs, truths: as many as it halves in would leave of a steady stream. */
const mostAtOnce = halfLife / Math.LN2;
/** A shortfall of fewer truths than these would be one of chance. */
const leastTruths = 50;

/**
 * What answers lack of the accuracy that they were promised, by the truths that devices have been told. Each device counts
 * since its agent started: what is new is the difference between two of its reports. The first report of a run is no news: its
 * truths may be those of long ago.
 */
export class TruthShortfall {
  readonly #reports = new Map<string, { readonly report: TruthReport; readonly run: string }>();
  readonly #alarm = new Alarm();
  #truths = 0;
  #right = 0;
  #promised = 0;
  #shortfall = 0;

  /** `run`: of the agent; another one counts anew. */
  take(deviceId: string, report: TruthReport, run: string): void {
    const before = this.#reports.get(deviceId);
    this.#reports.set(deviceId, { report, run });
    const goesOn = before?.run === run && report.labelled >= before.report.labelled;
    if (!goesOn) return;
    const truths = report.labelled - before.report.labelled;
    if (truths === 0) return;
    const kept = 2 ** (-truths / halfLife);
    const weight = Math.min(1, mostAtOnce / truths);
    const news = (of: (each: TruthReport) => number) =>
      weight * (of(report) * report.labelled - of(before.report) * before.report.labelled);
    this.#truths = kept * this.#truths + weight * truths;
    this.#right = kept * this.#right + news(({ right }) => right);
    // By the promises as they were before a shortfall lowered them: it must not seem to be made up for.
    this.#promised = kept * this.#promised + news(({ withoutShortfall }) => withoutShortfall);
    this.#shortfall = this.#value();
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
      withoutShortfall: weighed(({ withoutShortfall }) => withoutShortfall),
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
