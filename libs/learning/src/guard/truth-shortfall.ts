import { nothingObserved, type RunningMean, together } from '@weir/base';
import type { TruthReport } from '@weir/domain';
import { Alarm } from './alarm.ts';
import { FairTurns } from './fair-turns.ts';
import { type Heard, heardInFull, Views } from './views.ts';

/** Truths that evidence halves in. */
const halfLife = 1_000;
/** Most that one report weighs, truths: as many as it halves in would leave of a steady stream. */
const mostAtOnce = halfLife / Math.LN2;
/** A shortfall of fewer truths than these would be one of chance. */
const leastTruths = 50;

interface DeviceTruths {
  report: TruthReport;
  run: string;
  truths: number;
  right: number;
  promised: number;
  /** Halvings of all evidence that its own has been through. */
  been: number;
}

/** Accuracy that every variant is taken to lose, 0..1; 0 while chance explains it. */
export interface Shortfalls {
  readonly plan: number;
  /** Of the devices that hear something else, beyond chance. */
  readonly own: ReadonlyMap<string, number>;
}

/**
 * What answers lack of the accuracy that they were promised, by the truths that devices have been told. Each device counts
 * since its agent started: what is new is the difference between two of its reports. The first report of a run is no news: its
 * truths may be those of long ago.
 */
export class TruthShortfall {
  readonly #devices = new Map<string, DeviceTruths>();
  readonly #turns = new FairTurns();
  #halvings = 0;
  readonly #alarm = new Alarm();
  readonly #own = new Map<string, Alarm>();

  /** `run`: of the agent; another one counts anew. */
  take(deviceId: string, report: TruthReport, run: string): void {
    const known = this.#devices.get(deviceId);
    const device = known ?? { report, run, truths: 0, right: 0, promised: 0, been: this.#halvings };
    this.#devices.set(deviceId, device);
    const { report: before, run: formerRun } = device;
    Object.assign(device, { report, run });
    const goesOn = known && formerRun === run && report.labelled >= before.labelled;
    if (!goesOn) return;
    const truths = report.labelled - before.labelled;
    if (truths === 0) return;
    const turn = this.#turns.take(deviceId, truths);
    this.#halvings += turn / halfLife;
    this.#bring(device);
    fade(device, (truths - turn) / halfLife);
    const weight = Math.min(1, mostAtOnce / truths);
    const news = (of: (each: TruthReport) => number) =>
      weight * (of(report) * report.labelled - of(before) * before.labelled);
    device.truths += weight * truths;
    device.right += news(({ right }) => right);
    // By the promises as they were before a shortfall lowered them: it must not seem to be made up for.
    device.promised += news(({ withoutShortfall }) => withoutShortfall);
  }

  forget(deviceId: string): void {
    this.#devices.delete(deviceId);
    this.#own.delete(deviceId);
    this.#turns.forget(deviceId);
  }

  shortfalls(): Shortfalls {
    if (this.#devices.size === 0) return { plan: 0, own: new Map() };
    for (const device of this.#devices.values()) this.#bring(device);
    const views = new Views(this.#devices, {
      weight: ({ truths }) => truths,
      loudness: ({ promised, right }) => promised - right,
    });
    const { deviation } = lackOf(heardInFull(this.#devices));
    const heard = (alarm: Alarm, deviceId?: string) => {
      const lack = lackOf(views.heardBy(deviceId));
      return alarm.hears(lack.deviation, deviation) ? lack.mean : 0;
    };
    const plan = heard(this.#alarm);
    const own = new Map<string, number>();
    for (const deviceId of new Set([...views.special, ...this.#own.keys()])) {
      const alarm = this.#own.get(deviceId) ?? new Alarm();
      const shortfall = heard(alarm, deviceId);
      if (alarm.sounds) own.set(deviceId, shortfall);
      if (alarm.sounds || views.special.includes(deviceId)) this.#own.set(deviceId, alarm);
      else this.#own.delete(deviceId);
    }
    return { plan, own };
  }

  /** Of these devices together; undefined before the first truth. */
  reported(deviceIds: Iterable<string>): TruthReport | undefined {
    const reports = [...deviceIds].flatMap((deviceId) => this.#devices.get(deviceId)?.report ?? []);
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

  #bring(device: DeviceTruths): void {
    fade(device, this.#halvings - device.been);
    device.been = this.#halvings;
  }
}

function fade(device: DeviceTruths, halvings: number): void {
  if (halvings === 0) return;
  const kept = 2 ** -halvings;
  device.truths *= kept;
  device.right *= kept;
  device.promised *= kept;
}

/** How much less is right than was promised, 0..1, and how many standard errors that is above nothing. */
function lackOf({ parts, lowered }: Heard<DeviceTruths>): {
  readonly mean: number;
  readonly deviation: number;
} {
  const sum = (of: (each: DeviceTruths) => number) =>
    parts.reduce((all, [each, factor]) => all + factor * of(each), 0);
  const truths = sum((each) => each.truths);
  if (truths < leastTruths) return { mean: 0, deviation: 0 };
  const promised = sum((each) => each.promised) / truths;
  const error = Math.sqrt((promised * (1 - Math.min(1, promised)) + 0.25 / truths) / truths);
  const mean = promised - sum((each) => each.right) / truths + lowered * error;
  return { mean: Math.max(0, Math.min(1, mean)), deviation: mean / error };
}

const meanOf = ({ labelled, right, variation }: TruthReport): RunningMean =>
  labelled > 0 ? { count: labelled, sum: right * labelled, variation } : nothingObserved;
