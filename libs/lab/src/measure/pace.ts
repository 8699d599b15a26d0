import { type Clock, systemClock } from '@weir/base';
import type { Scenario } from '../scenario/scenario-schema.ts';
import type { Step } from './step.ts';

/** Before so much of the work is done nothing is foretold. */
const toldFrom = 0.05;

interface Work {
  /** By phase, roughly in seconds; only the proportions matter. */
  readonly planned: Readonly<Record<Step['phase'], number>>;
  /** By phase, 0..1. */
  readonly done: Record<Step['phase'], number>;
}

/** How long the rest takes, by how long the work done so far took. */
export class Pace {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #work = new Map<Scenario, Work>();

  /** `groups`: scenarios that share a cell; it is profiled with the first one. */
  constructor(groups: readonly (readonly Scenario[])[], { clock = systemClock }: { clock?: Clock } = {}) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    for (const group of groups)
      for (const [at, scenario] of group.entries()) {
        const planned = { profiling: at === 0 ? profilingOf(scenario) : 0, experiment: workOf(scenario) };
        this.#work.set(scenario, { planned, done: { profiling: 0, experiment: 0 } });
      }
  }

  at(scenario: Scenario, { phase, done, total }: Pick<Step, 'phase' | 'done' | 'total'>): void {
    const work = this.#work.get(scenario)!;
    // A cell that is profiled again does not lose what was done.
    work.done[phase] = Math.max(work.done[phase], done / total);
  }

  finished(scenario: Scenario): void {
    Object.assign(this.#work.get(scenario)!.done, { profiling: 1, experiment: 1 });
  }

  /** Of all work, 0..1. */
  get share(): number {
    let [done, all] = [0, 0];
    for (const work of this.#work.values())
      for (const phase of ['profiling', 'experiment'] as const) {
        done += work.done[phase] * work.planned[phase];
        all += work.planned[phase];
      }
    return all > 0 ? done / all : 1;
  }

  /** Undefined: too early to tell. */
  get remainingMs(): number | undefined {
    const { share } = this;
    return share < toldFrom ? undefined : ((this.#clock.now() - this.#startedAt) * (1 - share)) / share;
  }
}

/** Of an embedded family of eight variants; what a cell of one's own has is not known before it starts. */
function profilingOf({ cell, repetitions }: Scenario): number {
  const { users, space } = 'users' in cell ? cell : { users: 5, space: 'paper' };
  return 5 + 0.5 * repetitions * (8 + 2 * users * (space === 'full' ? 8 : 1));
}

function workOf({ epochs, arrivals, adaptation, transfer, curves, pictures, learners }: Scenario): number {
  if (epochs) return 0.6 * (learners.length * epochs.learning + (learners.length + 1) * epochs.measured);
  if (arrivals)
    return (
      arrivals.learningSeconds +
      (learners.length + 1) * arrivals.blocks * (arrivals.warmupSeconds + arrivals.seconds + 2)
    );
  if (adaptation) return 30 + 0.6 * learners.length * adaptation.epochs;
  if (transfer) return 0.6 * 3 * transfer.epochs;
  if (pictures) return pictures.learningSeconds + (pictures.before + pictures.after) / (10 * pictures.load);
  return 0.5 * learners.length * curves!.epochs;
}
