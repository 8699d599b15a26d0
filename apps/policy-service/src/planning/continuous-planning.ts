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
  /** Makes a plan, and calls `planned`. */
  readonly plan: () => void;
}

/** When a cell plans: regularly, and soon after a change, once for all changes that come close together. */
export class ContinuousPlanning implements Disposable {
  readonly #options: ContinuousPlanningOptions;
  readonly #stopRegular: () => void;
  #plannedAt = -Infinity;
  #cancelRequested: (() => void) | undefined;
  #paused = false;

  constructor(options: ContinuousPlanningOptions) {
    const { clock, times, needed, plan } = options;
    this.#options = options;
    this.#stopRegular = clock.every(times.replanMs, () => {
      if (!this.#paused && needed()) plan();
    });
  }

  /** Something has changed. Soon, and once for all that asks at the same time; not at all while paused. */
  request(): void {
    if (this.#paused || this.#cancelRequested) return;
    const { clock, times, plan } = this.#options;
    const waitMs = Math.max(0, this.#plannedAt + times.leastReplanMs - clock.now());
    this.#cancelRequested = clock.after(waitMs, () => {
      this.#cancelRequested = undefined;
      plan();
    });
  }

  /** A plan is being made, whoever asked for it: it takes in what was requested. */
  planned(): void {
    this.#cancelRequest();
    this.#plannedAt = this.#options.clock.now();
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
