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

interface Side {
  variant: string;
  frames: number;
  failures: number;
  audited: number;
  agreed: number;
  /** The newest at last, ms. */
  readonly responseMs: number[];
  readonly computeMs: number[];
}

interface Sides {
  readonly canary: Side;
  readonly control: Side;
}

/**
 * Counts what the two variants of each canary's trial did, since the service started and as far back as it recalls. Names of
 * trials are claims of devices: only the newest are remembered.
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

  #take({ placement, failure, responseMs, hops, firstLook, auditProbability }: Outcome, trial: string): void {
    const sides = this.#sidesOf(trial);
    if (auditProbability !== undefined) {
      const audited = firstLook?.placement.variant;
      const side = [sides.canary, sides.control].find(({ variant }) => variant !== '' && variant === audited);
      if (!side || failure !== undefined) return;
      side.audited++;
      if (firstLook!.agreed) side.agreed++;
      return;
    }
    const side = placement.variant === trial ? sides.canary : sides.control;
    side.variant = placement.variant;
    if (failure !== undefined) {
      side.failures++;
      return;
    }
    side.frames++;
    remember(side.responseMs, responseMs);
    remember(side.computeMs, hops.computeMs);
  }

  #sidesOf(trial: string): Sides {
    const known = this.#trials.get(trial) ?? { canary: noFrames(), control: noFrames() };
    this.#trials.delete(trial);
    this.#trials.set(trial, known);
    if (this.#trials.size > mostTrials) this.#trials.delete(this.#trials.keys().next().value!);
    return known;
  }
}

const noFrames = (): Side => ({
  variant: '',
  frames: 0,
  failures: 0,
  audited: 0,
  agreed: 0,
  responseMs: [],
  computeMs: [],
});

function remember(times: number[], ms: number): void {
  times.push(ms);
  if (times.length > mostTimes) times.shift();
}

const sideOf = ({ responseMs, computeMs, ...counts }: Side, told: readonly Rights[]): TrialSide => ({
  ...counts,
  responseP50Ms: percentileOf(responseMs, 0.5),
  responseP95Ms: percentileOf(responseMs, 0.95),
  computeP50Ms: percentileOf(computeMs, 0.5),
  computeP95Ms: percentileOf(computeMs, 0.95),
  labelled: told.reduce((sum, { labelled }) => sum + labelled, 0),
  right: told.reduce((sum, { right }) => sum + right, 0),
});

const percentileOf = (times: readonly number[], share: number): number =>
  times.length === 0 ? 0 : percentile(times, share);
