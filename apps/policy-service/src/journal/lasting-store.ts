import { type Clock, type Logger, Unavailable, WeirError } from '@weir/base';
import { openCopy, type openStore, type Store, type StoreOptions, storeNotWritable } from '@weir/storage';

export interface LastingStoreOptions extends StoreOptions {
  /** @default openStore of libs/storage */
  readonly open: typeof openStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Time between two tries to open a store whose disk takes nothing, ms. */
  readonly retryMs: number;
}

/**
 * The store or, while its disk takes nothing, a copy that stands in for it: the cells go on by what was learned, and nothing
 * new is learned, chosen or acknowledged. Throws whatever else `open` throws.
 */
export async function openLasting({
  clock,
  logger,
  retryMs,
  open,
  ...options
}: LastingStoreOptions): Promise<Store> {
  try {
    return await open(options);
  } catch (error) {
    if (!isNotWritable(error)) throw error;
    logger.error({ err: error }, `goes on by what was learned, and learns nothing: ${error.message}`);
    const standIn = new StandIn(await openCopy(options), error);
    return standIn.until(clock, retryMs, async () => {
      const store = await open(options);
      logger.info({}, 'the store can be written again');
      return store;
    });
  }
}

const isNotWritable = (error: unknown): error is WeirError =>
  error instanceof WeirError && error.reason === storeNotWritable;

/** A copy of the store until that is to be had. */
class StandIn {
  #store: Store;
  readonly #refusal: Error;
  readonly #failed = new AbortController();
  #isCopy = true;
  /** Versions were reserved in the copy up to this one, and must not be given out again. */
  #reserved = 0;

  constructor(copy: Store, { message }: Error) {
    this.#store = copy;
    this.#refusal = new Unavailable(message, { reason: storeNotWritable });
  }

  /** `open`: rejects while it cannot be opened. */
  until(clock: Clock, retryMs: number, open: () => Promise<Store>): Store {
    let trying = false;
    const stop = clock.every(retryMs, () => {
      if (trying) return;
      trying = true;
      open()
        .then((store) => {
          stop();
          return this.#replace(store);
        })
        .catch(() => {
          // Told at the start; it is tried again.
        })
        .finally(() => (trying = false));
    });
    const writing = async <T>(write: () => Promise<T>): Promise<T> => {
      if (this.#isCopy) throw this.#refusal;
      return write();
    };
    return {
      failed: this.#failed.signal,
      share: undefined,
      mayOwn: () => true,
      claim: (...given) => this.#store.claim(...given),
      release: (...given) => this.#store.release(...given),
      cells: () => this.#store.cells(),
      load: (cellId) => this.#store.load(cellId),
      snapshot: (...given) => this.#store.snapshot(...given),
      snapshots: (...given) => this.#store.snapshots(...given),
      fleetPrior: () => this.#store.fleetPrior(),
      setFleetPrior: (text) => writing(() => this.#store.setFleetPrior(text)),
      sitePriors: () => this.#store.sitePriors(),
      size: (...given) => this.#store.size(...given),
      versions: (...given) => this.#store.versions(...given),
      version: (...given) => this.#store.version(...given),
      notJoinedSince: (...given) => this.#store.notJoinedSince(...given),
      backup: (...given) => this.#store.backup(...given),
      read: (...given) => this.#store.read(...given),
      newest: (...given) => this.#store.newest(...given),
      append: (batch) => writing(() => this.#store.append(batch)),
      remove: (...given) => writing(() => this.#store.remove(...given)),
      purge: () => writing(() => this.#store.purge()),
      dropUnused: (...given) => writing(() => this.#store.dropUnused(...given)),
      // What somebody chose must not be said to be kept; who is here, and what was learned, will be told again.
      change: (cellId, change) =>
        change.objective === undefined && change.learner === undefined
          ? this.#store.change(cellId, change)
          : writing(() => this.#store.change(cellId, change)),
      reserveVersions: async (cellId, { count, above = 0 }) => {
        const isCopy = this.#isCopy;
        const last = await this.#store.reserveVersions(cellId, {
          count,
          above: Math.max(above, this.#reserved),
        });
        if (isCopy) this.#reserved = Math.max(this.#reserved, last);
        return last;
      },
      [Symbol.asyncDispose]: async () => {
        stop();
        await this.#store[Symbol.asyncDispose]();
      },
    };
  }

  async #replace(store: Store): Promise<void> {
    const copy = this.#store;
    this.#store = store;
    this.#isCopy = false;
    if (store.failed.aborted) this.#failed.abort(store.failed.reason);
    store.failed.addEventListener('abort', () => this.#failed.abort(store.failed.reason));
    await copy[Symbol.asyncDispose]();
  }
}
