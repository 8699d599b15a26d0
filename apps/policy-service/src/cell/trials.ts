import { percentile } from '@weir/base';
import {
  mostTrials,
  type Outcome,
  type Rights,
  type Trial,
  type TrialSide,
  type TrialTruths,
} from '@weir/domain';

/** Times that are remembered of each side. */
const mostTimes = 2_048;
/** Devices that are remembered of each side. */
const mostDevices = 1_024;

interface Counts {
  frames: number;
  failures: number;
  audited: number;
  agreed: number;
}

interface Times {
  readonly deviceId: string;
  readonly responseMs: number;
  readonly computeMs: number;
}

interface Side {
  variant: string;
  readonly devices: Map<string, Counts>;
  /** The newest at last. */
  readonly times: Times[];
}

interface Sides {
  readonly canary: Side;
  readonly control: Side;
}

/**
 * Counts what the two variants of each canary's trial did, since the service started and as far back as it recalls. Of a device
 * that tells more than all others of a trial together only as much as they tell counts. Names of trials are claims of devices:
 * only the newest are remembered.
 */
export class Trials {
  /** By canary, the one that was heard of last at the end. */
  readonly #trials = new Map<string, Sides>();
  /** By device; of its agent's run. */
  readonly #truths = new Map<string, readonly TrialTruths[]>();

  learn(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) if (outcome.trial !== undefined) this.#take(outcome, outcome.trial);
  }

  /** What a device was told of truths since its agent started. */
  learnTruths(deviceId: string, truths: readonly TrialTruths[]): void {
    this.#truths.set(deviceId, truths);
  }

  forget(deviceId: string): void {
    this.#truths.delete(deviceId);
  }

  /** `connected`: the devices whose truths count. */
  value(connected: Iterable<string>): readonly Trial[] {
    const truths = [...connected].flatMap((deviceId) => this.#truths.get(deviceId) ?? []);
    return [...this.#trials].map(([canary, sides]) => {
      const own = truths.filter((told) => told.canary === canary);
      return {
        canary: sideOf(
          sides.canary,
          own.map(({ ofCanary }) => ofCanary),
        ),
        control: sideOf(
          sides.control,
          own.map(({ ofControl }) => ofControl),
        ),
      };
    });
  }

  #take(outcome: Outcome, trial: string): void {
    const { deviceId, placement, failure, responseMs, hops, firstLook, auditProbability } = outcome;
    const sides = this.#sidesOf(trial);
    if (auditProbability !== undefined) {
      const audited = firstLook?.placement.variant;
      const side = [sides.canary, sides.control].find(({ variant }) => variant !== '' && variant === audited);
      if (!side || failure !== undefined) return;
      const counts = countsOf(side, deviceId);
      counts.audited++;
      if (firstLook!.agreed) counts.agreed++;
      return;
    }
    const side = placement.variant === trial ? sides.canary : sides.control;
    side.variant = placement.variant;
    const counts = countsOf(side, deviceId);
    if (failure !== undefined) {
      counts.failures++;
      return;
    }
    counts.frames++;
    remember(side.times, { deviceId, responseMs, computeMs: hops.computeMs });
  }

  #sidesOf(trial: string): Sides {
    const known = this.#trials.get(trial) ?? { canary: noFrames(), control: noFrames() };
    this.#trials.delete(trial);
    this.#trials.set(trial, known);
    if (this.#trials.size > mostTrials) this.#trials.delete(this.#trials.keys().next().value!);
    return known;
  }
}

const noFrames = (): Side => ({ variant: '', devices: new Map(), times: [] });

function countsOf({ devices }: Side, deviceId: string): Counts {
  const counts = devices.get(deviceId) ?? { frames: 0, failures: 0, audited: 0, agreed: 0 };
  devices.set(deviceId, counts);
  if (devices.size > mostDevices) devices.delete(devices.keys().next().value!);
  return counts;
}

/** The oldest goes, or of a device that has most of them its own oldest. */
function remember(times: Times[], news: Times): void {
  times.push(news);
  if (times.length <= mostTimes) return;
  const own = times.filter(({ deviceId }) => deviceId === news.deviceId).length;
  const oldest = own > mostTimes / 2 ? times.findIndex(({ deviceId }) => deviceId === news.deviceId) : 0;
  times.splice(oldest, 1);
}

function sideOf({ variant, devices, times }: Side, told: readonly Rights[]): TrialSide {
  const counts = [...devices.values()];
  const tries = counts.map(({ frames, failures }) => ({ frames, failures, of: frames + failures }));
  const audits = counts.map(({ audited, agreed }) => ({ audited, agreed, of: audited }));
  const truths = told.map(({ labelled, right }) => ({ labelled, right, of: labelled }));
  const counted = newestOf(times);
  const timesOf = (of: (each: Times) => number, share: number) =>
    counted.length === 0 ? 0 : percentile(counted.map(of), share);
  return {
    variant,
    frames: together(tries, ({ frames }) => frames),
    failures: together(tries, ({ failures }) => failures),
    audited: together(audits, ({ audited }) => audited),
    agreed: together(audits, ({ agreed }) => agreed),
    labelled: together(truths, ({ labelled }) => labelled),
    right: together(truths, ({ right }) => right),
    responseP50Ms: timesOf(({ responseMs }) => responseMs, 0.5),
    responseP95Ms: timesOf(({ responseMs }) => responseMs, 0.95),
    computeP50Ms: timesOf(({ computeMs }) => computeMs, 0.5),
    computeP95Ms: timesOf(({ computeMs }) => computeMs, 0.95),
  };
}

/** Most that counts of one: as much as there is of all others; all of it where there is nothing of them. */
function mostOf(weights: readonly number[]): number {
  const rest = weights.reduce((sum, weight) => sum + weight, 0) - Math.max(0, ...weights);
  return rest > 0 ? rest : Infinity;
}

function together<Told extends { readonly of: number }>(
  each: readonly Told[],
  part: (told: Told) => number,
): number {
  const most = mostOf(each.map(({ of }) => of));
  return each.reduce((sum, told) => sum + Math.round(part(told) * Math.min(1, most / told.of || 1)), 0);
}

/** Of each device as many as count. */
function newestOf(times: readonly Times[]): readonly Times[] {
  const devices = [...Map.groupBy(times, ({ deviceId }) => deviceId).values()];
  const most = mostOf(devices.map(({ length }) => length));
  return devices.flatMap((own) => (own.length > most ? own.slice(-most) : own));
}
