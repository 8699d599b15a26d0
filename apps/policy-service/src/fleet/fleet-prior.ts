import type { Clock, Logger } from '@weir/base';
import { type BeliefPrior, type Immutable, priorSchema } from '@weir/learning/prior';
import { type Store, storedRow } from '@weir/storage';
import { z } from 'zod';
import { priorOfSnapshots } from './prior-of-snapshots.ts';

export interface FleetPriorOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Time between two priors, ms. */
  readonly everyMs: number;
}

/** The learner whose snapshots a prior is made from, and that can begin with one. */
export const priorLearner = 'planner';
/** Cells that a prior is made from at most: those that devices have joined last. */
const mostCells = 256;
/** A stored prior that is younger than this share of the time between two is another process's newest. */
const youngShare = 0.5;

const storedPrior = z.object({
  /** Epoch ms. */
  madeAt: z.number(),
  /** Absent: no cell had learned anything. */
  prior: priorSchema.optional(),
});
type StoredPrior = Immutable<z.output<typeof storedPrior>>;

/**
 * What all cells have learned, for those that open with nothing learned. Made from the stored snapshots from time to time, and
 * kept in the store: a process that starts, or another one over the same store, goes on with it.
 */
export class FleetPrior implements AsyncDisposable {
  readonly #options: FleetPriorOptions;
  readonly #stopped = new AbortController();
  readonly #stopRefreshing: () => void;
  #current: BeliefPrior | undefined;
  #isStored = false;
  #refreshing: Promise<void> | undefined;
  /** Snapshots and rows of no use that were told of. */
  #told = new Set<string>();

  private constructor(options: FleetPriorOptions) {
    this.#options = options;
    this.#stopRefreshing = options.clock.every(options.everyMs, () =>
      this.#inPassing(async () => {
        if (!(await this.#recall())) await this.#make();
      }),
    );
  }

  /** Resolves when the stored prior, if any, is there; a newer one is made meanwhile. */
  static async open(options: FleetPriorOptions): Promise<FleetPrior> {
    const fleet = new FleetPrior(options);
    const isYoung = await fleet.#recall().catch((err: unknown) => fleet.#warn(err));
    if (!isYoung) fleet.#inPassing(() => fleet.#make());
    return fleet;
  }

  /** What a new cell is to begin with; undefined: no cell has learned anything yet. */
  get current(): BeliefPrior | undefined {
    return this.#current;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopRefreshing();
    this.#stopped.abort(new Error('the service stops'));
    await this.#refreshing;
  }

  #inPassing(refresh: () => Promise<void>): void {
    this.#refreshing ??= refresh()
      .catch((err: unknown) => this.#warn(err))
      .finally(() => (this.#refreshing = undefined));
  }

  async #make(): Promise<void> {
    const { store, clock, logger } = this.#options;
    const madeAt = clock.now();
    const refused = new Set<string>();
    const sites = (await store.sitePriors()).flatMap(({ site, text }) => {
      try {
        return storedRow(text, 'prior', storedPrior).prior ?? [];
      } catch (err) {
        logger.warn({ err, site }, 'what the site has learned is of no use, and is left out');
        return [];
      }
    });
    const prior = await priorOfSnapshots(store.snapshots(priorLearner, mostCells), {
      sites,
      signal: this.#stopped.signal,
      onRefused: (cellId, why) => {
        refused.add(cellId);
        if (!this.#told.has(cellId))
          logger.warn({ cellId, why }, 'the stored snapshot is of no use to new cells, and is left out');
      },
    });
    this.#told = refused;
    if (prior || this.#isStored)
      await store.setFleetPrior(JSON.stringify({ madeAt, prior } satisfies StoredPrior));
    this.#current = prior;
    if (prior) logger.info({ cells: prior.cells }, `new cells begin with what ${prior.cells} have learned`);
  }

  /** Takes the prior of the store. True when it is so young that none is to be made. */
  async #recall(): Promise<boolean> {
    const { store, clock, logger, everyMs } = this.#options;
    const text = await store.fleetPrior();
    this.#isStored = text !== undefined;
    if (text === undefined) return false;
    try {
      const { madeAt, prior } = storedRow(text, 'prior', storedPrior);
      this.#current = prior;
      return Math.abs(clock.now() - madeAt) < youngShare * everyMs;
    } catch (err) {
      logger.error({ err }, 'the stored prior of new cells is of no use, and is made anew');
      return false;
    }
  }

  #warn(err: unknown): undefined {
    if (!this.#stopped.signal.aborted)
      this.#options.logger.warn({ err }, 'the prior of new cells stays as it is');
  }
}
