import { percentile } from '@weir/base';
import { hops } from '@weir/domain';
import type { agent } from '@weir/proto';
import { reasonName } from '@weir/wire';
import { LooksTally, type LooksTotals, PlacementCount, type Placements } from './looks-tally.ts';

/** Totals of a run, as `--json` prints them. Times in ms, accuracies and shares 0..1; null: nothing was answered. */
export interface Totals {
  readonly requests: number;
  readonly succeeded: number;
  readonly failed: number;
  /** `top1`: share of right answers, null also where nobody knows them; `expected`: mean accuracy that the frames were promised. */
  readonly accuracy: { readonly top1: number | null; readonly expected: number | null };
  /** As the agents measured; the hops are its parts. */
  readonly responseMs: Spread;
  /** As this client saw it, the way to the agent and back included. */
  readonly clientMs: Spread;
  /** Mean of each part. */
  readonly hopsMs: Readonly<Record<string, number | null>>;
  /** Where the answers were made: by the last look of each frame. */
  readonly placements: Placements;
  readonly looks: LooksTotals;
  /** Frames by the reason of their placement. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Failures by message. */
  readonly failures: Readonly<Record<string, number>>;
  readonly energyJ: number;
}

export interface Spread {
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** One frame answered. */
export interface Answer {
  readonly response: agent.InferResponse;
  /** Undefined where the right answer is not known. */
  readonly correct: boolean | undefined;
  readonly clientMs: number;
}

/** Adds up frames, in constant memory however many there are. */
export class Tally {
  #answered = 0;
  #failed = 0;
  #correct = 0;
  #judged = 0;
  #expected = 0;
  #energyJ = 0;
  #last: agent.InferResponse | undefined;
  readonly #response = new RunningSpread();
  readonly #client = new RunningSpread();
  readonly #hops = new Map<string, number>();
  readonly #placements = new PlacementCount();
  readonly #looks = new LooksTally();
  readonly #reasons = new Map<string, number>();
  readonly #failures = new Map<string, number>();

  /** Newest answer. */
  get last(): agent.InferResponse | undefined {
    return this.#last;
  }

  answered({ response, correct, clientMs }: Answer): void {
    this.#answered++;
    this.#last = response;
    if (correct) this.#correct++;
    if (correct !== undefined) this.#judged++;
    this.#expected += response.expectedAccuracy;
    this.#energyJ += response.energyJ;
    this.#response.add(response.responseMs);
    this.#client.add(clientMs);
    for (const { key } of hops) count(this.#hops, key, response.hops?.[key] ?? 0);
    count(this.#reasons, reasonName(response.decision?.reason));
    this.#placements.add(response.placement);
    this.#looks.answered(response);
  }

  failed(why: string): void {
    this.#failed++;
    // Messages may carry ids: after a hundred distinct ones, lump new ones together.
    count(this.#failures, this.#failures.size < 100 || this.#failures.has(why) ? why : 'other');
  }

  totals(): Totals {
    const n = this.#answered;
    const mean = (sum: number) => (n > 0 ? sum / n : null);
    return {
      requests: n + this.#failed,
      succeeded: n,
      failed: this.#failed,
      accuracy: {
        top1: this.#judged > 0 ? this.#correct / this.#judged : null,
        expected: mean(this.#expected),
      },
      responseMs: this.#response.spread(),
      clientMs: this.#client.spread(),
      hopsMs: Object.fromEntries(hops.map(({ key }) => [key, mean(this.#hops.get(key) ?? 0)])),
      placements: this.#placements.placements(),
      looks: this.#looks.totals(),
      reasons: Object.fromEntries(this.#reasons),
      failures: Object.fromEntries(this.#failures),
      energyJ: this.#energyJ,
    };
  }
}

/** Mean of all times; quantiles of the newest 10,000. */
class RunningSpread {
  #count = 0;
  #sum = 0;
  readonly #newest: number[] = [];

  add(value: number): void {
    this.#newest[this.#count++ % 10_000] = value;
    this.#sum += value;
  }

  spread(): Spread {
    if (this.#count === 0) return { mean: null, p50: null, p95: null, p99: null };
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => percentile(this.#newest, q)) as [
      number,
      number,
      number,
    ];
    return { mean: this.#sum / this.#count, p50, p95, p99 };
  }
}

function count<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
