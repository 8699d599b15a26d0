import type { Random } from '@weir/base';

/** What has been found to hold, and what has not. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  check(what: string, holds: boolean): void;
}

export function createTally(): Tally {
  const counts = { passed: 0, failed: 0 };
  return {
    get passed() {
      return counts.passed;
    },
    get failed() {
      return counts.failed;
    },
    check(what, holds) {
      counts[holds ? 'passed' : 'failed']++;
      // As .ci/run gathers them.
      console.log(holds ? `ok     ${what}` : `failed: fuzz › ${what}`);
    },
  };
}

/** Findings of one kind: alike ones are told once, with how many there were. */
export class Findings {
  readonly #byText = new Map<string, { count: number; example: string }>();

  /** True for the first of its kind: worth being kept. */
  add(text: string, keep: () => string): void {
    // Numbers and names differ from one input to the next.
    const alike = text.slice(0, 200).replace(/\d+/g, '0');
    const known = this.#byText.get(alike);
    if (known) known.count++;
    else this.#byText.set(alike, { count: 1, example: `${text.slice(0, 600)} (${keep()})` });
  }

  get size(): number {
    return this.#byText.size;
  }

  tell(): void {
    for (const { count, example } of this.#byText.values()) console.log(`       ${count} × ${example}`);
  }
}

/** A seed for the next sample: each is its own, and all follow from one. */
export const nextSeed = (random: Random): number => Math.floor(random.uniform() * 2 ** 31);
