import type { LookCurve, LookCurves, LookStep, Objective } from '@weir/domain';
import type { DispatchAction, LookChoice } from './dispatch-action.ts';
import { type Frame, predictedMs, processingCostMs } from './cost.ts';

/**
 * Second looks (docs/second-looks.md): the frames that a first look by variant v is least sure of are looked at again by
 * w. Which those are is chosen for each frame, by what a second look costs now, c_e, and by the price of accuracy μ: with
 * share E and gain G of a step of the family's curve of (v, w),
 *
 *     min over the steps   E · c_e − μ · G
 *
 * is added to the cost of every action whose variant is v. The balance is charged accuracy(v) + G, what the rule promises
 * over all frames, and never what a single frame's confidence says.
 */
export class SecondLooks {
  readonly #byFirst = new Map<string, AfterFirst>();
  readonly #seconds = new Map<string, SecondVariant>();
  /** Of the variants that may look first. */
  #leastAccuracy = Infinity;

  /** `accuracyOf`: of the variants that there are. */
  constructor({ curves }: LookCurves, accuracyOf: ReadonlyMap<string, number>) {
    for (const curve of curves) {
      const accuracy = accuracyOf.get(curve.first);
      if (accuracy === undefined || !accuracyOf.has(curve.second)) continue;
      this.#leastAccuracy = Math.min(this.#leastAccuracy, accuracy);
      const second = computed(this.#seconds, curve.second, () => new SecondVariant(curve.second));
      computed(this.#byFirst, curve.first, () => new AfterFirst(accuracy)).add(new Curve(curve, second));
    }
  }

  /** Second looks after a first by `variant`; undefined when none gains anything. */
  after(variant: string): AfterFirst | undefined {
    return this.#byFirst.get(variant);
  }

  by(variant: string): SecondVariant | undefined {
    return this.#seconds.get(variant);
  }

  /** Where second looks may run. */
  runOn(actions: readonly DispatchAction[]): void {
    for (const action of actions)
      if (action.tierAllowed) this.#seconds.get(action.cost.placement.variant)?.add(action);
  }

  /** Chooses for each variant that may look first; read `AfterFirst` afterwards. */
  refresh(frame: Frame): void {
    // Where accuracy costs nothing, a second look is needed only where the balance does not cover a first.
    if (frame.priceMs <= 0 && frame.leastAccuracy <= this.#leastAccuracy) {
      for (const after of this.#byFirst.values()) after.clear();
      return;
    }
    for (const second of this.#seconds.values()) second.refresh(frame);
    for (const after of this.#byFirst.values()) after.refresh(frame);
  }
}

/** The actions that run one variant as a second look. */
class SecondVariant {
  readonly name: string;
  readonly actions: DispatchAction[] = [];
  /** Cost of the cheapest as of the last `refresh`, ms; Infinity when none may run. */
  costMs = Infinity;
  /** Expected response time of that look alone, ms. */
  predictedMs = Infinity;

  constructor(name: string) {
    this.name = name;
  }

  add(action: DispatchAction): void {
    this.actions.push(action);
  }

  /** s + network of the quickest, ms: what a second look takes at least. */
  get leastMs(): number {
    return Math.min(...this.actions.map(({ cost }) => cost.serviceMs + cost.networkMs));
  }

  refresh(frame: Frame): void {
    const place = this.cheapest(frame);
    this.costMs = place ? processingCostMs(place, frame) : Infinity;
    this.predictedMs = place ? predictedMs(place, frame) : Infinity;
  }

  /** Whether it may run at all, in time or not. */
  anywhere(frame: Frame): boolean {
    return this.actions.some((action) => mayRun(action, frame));
  }

  /** The action on `nodeId`, when it may run and is expected within `withinMs`. */
  at(nodeId: string, frame: Frame, withinMs: number): DispatchAction | undefined {
    const action = this.actions.find(({ cost }) => cost.placement.nodeId === nodeId);
    return action && mayRun(action, frame) && predictedMs(action, frame) <= withinMs ? action : undefined;
  }

  /** The cheapest action that may run within `withinMs`. */
  cheapest(frame: Frame, withinMs = Infinity): DispatchAction | undefined {
    let best: DispatchAction | undefined;
    let bestMs = Infinity;
    for (const action of this.actions) {
      if (!mayRun(action, frame)) continue;
      const ms = processingCostMs(action, frame);
      if (ms >= bestMs || predictedMs(action, frame) > withinMs) continue;
      best = action;
      bestMs = ms;
    }
    return best;
  }
}

/** Whether the floor aside nothing forbids a second look there. */
const mayRun = ({ tracker, cost: { placement } }: DispatchAction, frame: Frame): boolean =>
  !frame.exclude.has(placement.nodeId) &&
  (!tracker || (tracker.usable && (frame.ejectedToo || !tracker.outliers.leavesOut(placement.variant))));

/** A curve with what finding its best step needs. */
class Curve {
  readonly second: SecondVariant;
  readonly steps: readonly LookStep[];
  /** Gain per share of what each step adds to the one before; falls. */
  readonly #slopes: readonly number[];
  #last = -1;

  constructor({ steps }: LookCurve, second: SecondVariant) {
    this.second = second;
    this.steps = steps;
    this.#slopes = steps.map(({ share, gain }, at) => {
      const before = steps[at - 1] ?? { share: 0, gain: 0 };
      return (gain - before.gain) / (share - before.share);
    });
  }

  get mostGain(): number {
    return this.steps.at(-1)?.gain ?? 0;
  }

  /**
   * Index of the step of least E · c_e − μ · G among those that gain at least `leastGain`; -1 of none, or when no second
   * look is best and none is asked for. Gain falls per share, so the best is the last step whose own slope is worth it.
   */
  best({ priceMs, objective }: Frame, leastGain: number): number {
    const { costMs } = this.second;
    if (costMs === Infinity) return -1;
    const least = leastGain > 0 ? this.steps.findIndex(({ gain }) => gain >= leastGain) : -1;
    if (leastGain > 0 && least < 0) return -1;
    if (objective.tailWeight > 0)
      return this.#bestOfAll(priceMs, objective, { leastGain, from: Math.max(0, least) });
    return Math.max(least, this.#lastWorth(costMs / priceMs));
  }

  /** Index of the last step whose slope is above `worth`, or -1; from one frame to the next it hardly moves. */
  #lastWorth(worth: number): number {
    let at = this.#last;
    while (at >= 0 && this.#slopes[at]! <= worth) at--;
    while (at + 1 < this.#slopes.length && this.#slopes[at + 1]! > worth) at++;
    return (this.#last = at);
  }

  /** The share's weight in the tail bends: every step counts. */
  #bestOfAll(
    priceMs: number,
    objective: Objective,
    { leastGain, from }: { leastGain: number; from: number },
  ): number {
    let best = -1;
    let bestMs = leastGain > 0 ? Infinity : 0;
    for (let at = from; at < this.steps.length; at++) {
      const ms = addedMs(this.steps[at]!, this.second.costMs, priceMs, objective);
      if (ms < bestMs) [best, bestMs] = [at, ms];
    }
    return best;
  }
}

/** What a second look adds to a frame's cost: E · c_e − μ · G, ms. */
function addedMs(step: LookStep, secondMs: number, priceMs: number, objective: Objective): number {
  return weighedShare(step.share, objective) * secondMs - priceMs * step.gain;
}

/** More than the slowest twentieth of the frames sets the 95th percentile: there a second look counts twenty times. */
const tailShare = 0.05;

/** Share with which a second look's time counts: E in the mean, min(1, E / 5 %) in the 95th percentile. */
function weighedShare(share: number, { meanWeight, tailWeight }: Objective): number {
  if (tailWeight === 0) return share;
  return (meanWeight * share + tailWeight * Math.min(1, share / tailShare)) / (meanWeight + tailWeight);
}

/** The second looks after a first by one variant, and the one that is best for the frame of the last `refresh`. */
class AfterFirst implements LookChoice {
  readonly #accuracy: number;
  readonly #curves: Curve[] = [];
  mostGain = 0;
  step: LookStep | undefined;
  variant = '';
  costMs = 0;
  secondMs = 0;
  needed = false;

  constructor(accuracy: number) {
    this.#accuracy = accuracy;
  }

  add(curve: Curve): void {
    this.#curves.push(curve);
    this.mostGain = Math.max(this.mostGain, curve.mostGain);
  }

  get leastMs(): number {
    return Math.min(...this.#curves.map(({ second }) => second.leastMs));
  }

  stepOf(variant: string, marginBelow: number): LookStep | undefined {
    const curve = this.#curves.find(({ second }) => second.name === variant);
    return curve?.steps.find((step) => step.marginBelow === marginBelow);
  }

  get options(): readonly { readonly step: LookStep; readonly leastMs: number }[] {
    return this.#curves.flatMap(({ steps, second: { leastMs } }) =>
      leastMs < Infinity ? steps.map((step) => ({ step, leastMs })) : [],
    );
  }

  clear(): void {
    this.step = undefined;
    this.needed = false;
  }

  refresh(frame: Frame): void {
    this.step = undefined;
    this.needed = this.#accuracy < frame.leastAccuracy;
    const leastGain = this.needed ? frame.leastAccuracy - this.#accuracy : 0;
    let bestMs = Infinity;
    for (const curve of this.#curves) {
      const at = curve.best(frame, leastGain);
      if (at < 0) continue;
      const step = curve.steps[at]!;
      const ms = addedMs(step, curve.second.costMs, frame.priceMs, frame.objective);
      if (ms >= bestMs) continue;
      bestMs = ms;
      this.step = step;
      this.variant = curve.second.name;
      this.costMs = ms;
      this.secondMs = curve.second.predictedMs;
    }
  }
}

function computed<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
