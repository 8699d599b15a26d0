import type { Clock } from '@weir/base';

export interface PlanningTimes {
  /** Time between regular plans, ms. */
  readonly replanMs: number;
  /** Least time between plans when changes ask for them, ms. */
  readonly leastReplanMs: number;
}

export interface ContinuousPlanningOptions {
  readonly clock: Clock;
  readonly times: PlanningTimes;
  /** False while a regular plan would be of use to nobody. */
  readonly needed: () => boolean;
  /** Time between messages of outcomes that each device keeps, ms. Two regular plans in it are enough. @default 0 */
  readonly outcomePauseMs?: (() => number) | undefined;
  /** Makes a plan: calls `begun`, and `ended` in the end. */
  readonly plan: () => void;
}

/** Most of the time that is spent on plans which changes ask for. */
const mostShare = 1 / 3;

/** When a cell plans: regularly, and soon after a change, once for all changes that come close together. */
export class ContinuousPlanning implements Disposable {
  readonly #options: ContinuousPlanningOptions;
  readonly #stopRegular: () => void;
  #begunAt = -Infinity;
  /** How long the last plan took, ms. */
  #tookMs = 0;
  #underWay = false;
  /** Something has changed since the plan under way was begun. */
  #changed = false;
  #cancelRequested: (() => void) | undefined;
  #paused = false;

  constructor(options: ContinuousPlanningOptions) {
    const { clock, times, needed, plan } = options;
    this.#options = options;
    this.#stopRegular = clock.every(times.replanMs, () => {
      if (!this.#paused && !this.#underWay && this.#isDue() && needed()) plan();
    });
  }

  #isDue(): boolean {
    const { clock, times, outcomePauseMs = () => 0 } = this.#options;
    // Half a period early is nearer than half a period late.
    return clock.now() - this.#begunAt >= outcomePauseMs() / 2 - times.replanMs / 2;
  }

  /** Something has changed. Soon, and once for all that asks at the same time; not at all while paused. */
  request(): void {
    if (this.#underWay) this.#changed = true;
    if (this.#paused || this.#underWay || this.#cancelRequested) return;
    const { clock, times, plan } = this.#options;
    const leastMs = Math.max(times.leastReplanMs, this.#tookMs / mostShare);
    const waitMs = Math.max(0, this.#begunAt + leastMs - clock.now());
    this.#cancelRequested = clock.after(waitMs, () => {
      this.#cancelRequested = undefined;
      plan();
    });
  }

  /** A plan is being made, whoever asked for it: it takes in what was requested. */
  begun(): void {
    this.#cancelRequest();
    this.#begunAt = this.#options.clock.now();
    this.#underWay = true;
    this.#changed = false;
  }

  /**
   * That plan has been made, or given up; changes since its beginning ask for another. `tookMs`: without what was done
   * between its steps.
   */
  ended(tookMs: number): void {
    this.#tookMs = tookMs;
    this.#underWay = false;
    if (this.#changed) this.request();
  }

  pause(): void {
    this.#paused = true;
    this.#cancelRequest();
  }

  resume(): void {
    this.#paused = false;
    this.request();
  }

  [Symbol.dispose](): void {
    this.#paused = true;
    this.#stopRegular();
    this.#cancelRequest();
  }

  #cancelRequest(): void {
    this.#cancelRequested?.();
    this.#cancelRequested = undefined;
  }
}
