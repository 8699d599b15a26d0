import type { LookCurve, LookCurves, LookStep, Objective } from '@weir/domain';
import type { Frame } from './cost.ts';
import type { LookChoice, PricedAction } from './dispatch-action.ts';
import { byNode, type NodeActions, price } from './pricing.ts';

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
  readonly #firsts: readonly AfterFirst[];
  readonly #seconds: readonly SecondVariant[];
  /** Of the variants that may look first. */
  readonly #leastAccuracy: number;

  /** `accuracyOf`: of the variants that there are. */
  constructor({ curves }: LookCurves, accuracyOf: ReadonlyMap<string, number>) {
    const known = curves.filter(({ first, second }) => accuracyOf.has(first) && accuracyOf.has(second));
    const seconds = new Map(known.map(({ second }) => [second, new SecondVariant(second)]));
    const firsts = new Map(known.map(({ first }) => [first, new AfterFirst(first, accuracyOf.get(first)!)]));
    for (const curve of known) firsts.get(curve.first)!.add(new Curve(curve, seconds.get(curve.second)!));
    this.#firsts = [...firsts.values()];
    this.#seconds = [...seconds.values()];
    this.#leastAccuracy = Math.min(...this.#firsts.map(({ accuracy }) => accuracy));
  }

  /** Second looks after a first by `variant`; undefined when none gains anything. */
  after(variant: string): AfterFirst | undefined {
    return this.#firsts.find(({ first }) => first === variant);
  }

  by(variant: string): SecondVariant | undefined {
    return this.#seconds.find(({ name }) => name === variant);
  }

  /** Where second looks may run. */
  runOn(actions: readonly PricedAction[]): void {
    const allowed = actions.filter(({ tierAllowed }) => tierAllowed);
    for (const second of this.#seconds) second.runOn(allowed);
  }

  /** Chooses for each variant that may look first, by actions as they are priced; read `AfterFirst` afterwards. */
  refresh(frame: Frame): void {
    // Where accuracy costs nothing, a second look is needed only where the balance does not cover a first.
    if (frame.priceMs <= 0 && frame.leastAccuracy <= this.#leastAccuracy) {
      for (const after of this.#firsts) after.clear();
      return;
    }
    for (const second of this.#seconds) second.refresh(frame);
    for (const after of this.#firsts) after.refresh(frame);
  }
}

/** The actions that run one variant as a second look; its questions are about the frame that they were priced for. */
class SecondVariant {
  readonly name: string;
  actions: readonly PricedAction[] = [];
  #nodes: readonly NodeActions[] = [];
  /** Cost of the cheapest as of the last `refresh`, ms; Infinity when none may run. */
  costMs = Infinity;
  /** Expected response time of that look alone, ms. */
  predictedMs = Infinity;
  /** c_e / μ: gain per share from which the second look is worth its cost. */
  worth = Infinity;

  constructor(name: string) {
    this.name = name;
  }

  runOn(actions: readonly PricedAction[]): void {
    this.actions = actions.filter(({ cost }) => cost.placement.variant === this.name);
    this.#nodes = byNode(this.actions);
  }

  /** s + network of the quickest, ms: what a second look takes at least. */
  get leastMs(): number {
    return Math.min(...this.actions.map(({ cost }) => cost.serviceMs + cost.networkMs));
  }

  /** Alone, for a frame that has its first look behind it. */
  price(frame: Frame): void {
    price(this.#nodes, frame);
  }

  refresh({ priceMs }: Frame): void {
    const place = this.cheapest();
    this.costMs = place ? place.processingMs : Infinity;
    this.predictedMs = place ? place.responseMs : Infinity;
    this.worth = this.costMs / priceMs;
  }

  /** Whether it may run at all, in time or not. */
  get anywhere(): boolean {
    return this.actions.some(({ open }) => open);
  }

  /** The action on `nodeId`, when it may run and is expected within `withinMs`. */
  at(nodeId: string, withinMs: number): PricedAction | undefined {
    const action = this.actions.find(({ cost }) => cost.placement.nodeId === nodeId);
    return action?.open && action.responseMs <= withinMs ? action : undefined;
  }

  /** The cheapest action that may run within `withinMs`. */
  cheapest(withinMs = Infinity): PricedAction | undefined {
    let best: PricedAction | undefined;
    let bestMs = Infinity;
    for (const action of this.actions) {
      if (!action.open || action.processingMs >= bestMs || action.responseMs > withinMs) continue;
      best = action;
      bestMs = action.processingMs;
    }
    return best;
  }
}

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
  best(frame: Frame, leastGain: number): number {
    if (this.second.costMs === Infinity) return -1;
    if (leastGain > 0 || frame.objective.tailWeight > 0) return this.#bestOf(frame, leastGain);
    return this.#lastWorth(this.second.worth);
  }

  #bestOf({ priceMs, objective }: Frame, leastGain: number): number {
    const least = leastGain > 0 ? this.steps.findIndex(({ gain }) => gain >= leastGain) : -1;
    if (leastGain > 0 && least < 0) return -1;
    if (objective.tailWeight > 0)
      return this.#bestOfAll(priceMs, objective, { leastGain, from: Math.max(0, least) });
    return Math.max(least, this.#lastWorth(this.second.worth));
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
  readonly first: string;
  readonly accuracy: number;
  readonly #curves: Curve[] = [];
  mostGain = 0;
  step: LookStep | undefined;
  variant = '';
  costMs = 0;
  secondMs = 0;
  needed = false;

  constructor(first: string, accuracy: number) {
    this.first = first;
    this.accuracy = accuracy;
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
    this.needed = this.accuracy < frame.leastAccuracy;
    const leastGain = this.needed ? frame.leastAccuracy - this.accuracy : 0;
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
