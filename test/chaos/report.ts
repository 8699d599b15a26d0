import type { Violation } from './checker.ts';
import type { Fault } from './history.ts';

/** Most violations of one promise that are told one by one. */
const mostTold = 5;
/** What was done so long before a violation, and after it, may have to do with it, ms. */
const vicinity = { beforeMs: 10_000, afterMs: 1_000 };

/** What a run prints, as it happens; times count from the start of the run. */
export class Report {
  readonly #startedAt = performance.now();
  readonly faults: Fault[] = [];
  passed = 0;
  failed = 0;

  say(text: string): void {
    console.log(`${this.#time(performance.now())}  ${text}`);
  }

  /** One promise, and where it was broken, with what was done to the cell around then. */
  check(promise: string, violations: readonly Violation[]): void {
    console.log(`${violations.length === 0 ? 'ok    ' : 'FAILED'} ${promise}`);
    if (violations.length === 0) this.passed++;
    else this.failed++;
    const told = new Set<Fault>();
    for (const { what, at } of violations.slice(0, mostTold)) {
      if (at === undefined) console.log(`         ${what}`);
      else {
        console.log(`         ${this.#time(at)}  ${what}`);
        this.#tellAround(at, told);
      }
    }
    if (violations.length > mostTold) console.log(`         and ${violations.length - mostTold} more`);
  }

  /** `told`: not again. */
  #tellAround(at: number, told: Set<Fault>): void {
    for (const fault of this.faults) {
      const { kind, target, from, until } = fault;
      if (told.has(fault) || from > at + vicinity.afterMs || until < at - vicinity.beforeMs) continue;
      told.add(fault);
      console.log(`             ${this.#time(from)} to ${this.#time(until)}  ${kind} ${target}`);
    }
  }

  #time(at: number): string {
    return `${((at - this.#startedAt) / 1_000).toFixed(1).padStart(6)} s`;
  }
}
