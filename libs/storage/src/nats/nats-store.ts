import {
  type Clock,
  FailedPrecondition,
  type Logger,
  ResourceExhausted,
  silentLogger,
  systemClock,
  Unavailable,
  WeirError,
} from '@weir/base';
import { type StoreLimits, defaultLimits } from '../limits.ts';
import { type Store, storeNotWritable } from '../store.ts';
import { CellLane } from './cell-lane.ts';
import { readRecords } from './cell-record.ts';
import { attempt, connectNats, type NatsServers } from './connection.ts';
import { readFleetPrior, readSitePriors, readSnapshots, writeFleetPrior } from './fleet.ts';
import { type JetStreams, openStreams } from './jetstream.ts';
import { NatsCell } from './nats-cell.ts';
import { Owners } from './owners.ts';

/** Where the store is, and its bounds. */
export interface NatsStoreOptions extends NatsServers, Partial<StoreLimits> {
  /** Names the stream of outcomes and the bucket. @default weir */
  readonly name?: string;
  /** Servers that each outcome is on before it is acknowledged, where the stream is not there yet. @default 1 */
  readonly replicas?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Gives up waiting for a server. @default never */
  readonly signal?: AbortSignal;
  /** Other processes use it too: cells have owners that live. @default a cell is whoever's who claims it last */
  readonly shared?: boolean;
  /** Told when another process has taken a cell over: nothing that is still written for it counts. */
  readonly onFenced?: (cellId: string) => void;
  /** Told when this process has been cut off for so long that others have its cells by now, as far as they can have them. */
  readonly onCutOff?: () => void;
  /** Told when the store takes nothing any more, and when it does again. */
  readonly onReachable?: (reachable: boolean) => void;
}

/** Time between two looks whether the store is back, ms. */
const probeMs = 1_000;
/** No cell's: those have a token more. */
const probeKey = 'probe';

/**
 * Opens the store on NATS JetStream, which many processes may share: each cell is written by the one that claimed it last.
 * Waits while no server answers. Throws FailedPrecondition where only somebody's hand helps, and the signal's reason.
 */
export async function openNatsStore({
  servers,
  credentials,
  tls,
  name = 'weir',
  replicas = 1,
  logger = silentLogger,
  clock = systemClock,
  signal,
  shared = false,
  onFenced = () => {},
  onCutOff = () => {},
  onReachable = () => {},
  ...limits
}: NatsStoreOptions): Promise<Store> {
  const nc = await connectNats({ servers, credentials, tls }, { logger, signal });
  try {
    const streams = await whenBack(() => openStreams(nc, { name, replicas }), { logger, signal });
    const store: NatsStore = new NatsStore(streams, {
      limits: { ...defaultLimits, ...limits },
      logger,
      clock,
      onFenced,
      onReachable,
      ...(shared && {
        owners: await whenBack(
          () =>
            Owners.open(streams, {
              name,
              replicas,
              clock,
              onLapsed: () => store.checkStanding(),
              onCutOff,
              onSilent: () => store.changeServer(),
            }),
          { logger, signal },
        ),
      }),
    });
    return store;
  } catch (error) {
    await nc.close();
    throw error;
  }
}

/**
 * The store as it is, to be read alone: claims nothing, and makes nothing. Throws NotFound where policies have never kept anything,
 * and as `openNatsStore`.
 */
export async function readNatsStore({
  name = 'weir',
  signal,
  ...servers
}: NatsServers & { name?: string; signal?: AbortSignal | undefined }): Promise<Store> {
  const logger = silentLogger;
  const nc = await connectNats(servers, { logger, signal });
  try {
    const streams = await attempt(() => openStreams(nc, { name }), signal);
    const [clock, ignored] = [systemClock, () => {}];
    return new NatsStore(streams, {
      limits: defaultLimits,
      logger,
      clock,
      onFenced: ignored,
      onReachable: ignored,
    });
  } catch (error) {
    await nc.close();
    throw error;
  }
}

/** Opens it once the servers have a leader, which those of a new cluster take seconds to elect; tells once that it waits. */
async function whenBack<T>(
  open: () => Promise<T>,
  { logger, signal }: { logger: Logger; signal: AbortSignal | undefined },
): Promise<T> {
  for (let told = false; ; told = true)
    try {
      signal?.throwIfAborted();
      return await attempt(open, signal);
    } catch (error) {
      if (!(error instanceof WeirError && error.reason === storeNotWritable)) throw error;
      if (!told) logger.error({ err: error }, `waits for the store: ${error.message}`);
    }
}

interface NatsStoreDeps {
  readonly limits: StoreLimits;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly owners?: Owners;
  readonly onFenced: (cellId: string) => void;
  readonly onReachable: (reachable: boolean) => void;
}

class NatsStore implements Store {
  readonly #streams: JetStreams;
  readonly #deps: NatsStoreDeps;
  readonly #lanes = new Map<string, CellLane>();
  readonly #failure = new AbortController();
  #waiting = 0;
  #closed: Error | undefined;
  #isReachable = true;
  #stopProbing = () => {};

  constructor(streams: JetStreams, deps: NatsStoreDeps) {
    this.#streams = streams;
    this.#deps = deps;
    void this.#followConnection();
  }

  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  get share(): Store['share'] {
    const { owners } = this.#deps;
    return owners && ((address) => owners.share(address));
  }

  mayOwn: Store['mayOwn'] = () => this.#deps.owners?.mayOwn ?? true;

  claim: Store['claim'] = (cellId, { evenOwned = false } = {}) =>
    this.#on(cellId, (lane) => lane.run((cell) => cell.claim(evenOwned)));

  release: Store['release'] = async (cellId) => {
    const lane = this.#lanes.get(cellId);
    if (!lane) return;
    await this.#on(cellId, () => lane.run((cell) => cell.release()));
    if (lane.isIdle) this.#lanes.delete(cellId);
  };

  /** Another process may have taken cells over: `onFenced` tells which. Rejects with Unavailable when the store is away. */
  async checkStanding(): Promise<void> {
    await Promise.all(
      [...this.#lanes.values()].map((lane) =>
        lane.checkStanding().catch((error: unknown) => {
          if (error instanceof WeirError && error.reason === storeNotWritable) throw error;
        }),
      ),
    );
  }

  /** To another one, if there is one: this one does not answer. */
  changeServer(): void {
    this.#setReachable(false, 'a lease is not renewed');
    // It rejects when the store is closed.
    this.#streams.nc.reconnect().catch(() => {});
  }

  cells = async (): Promise<readonly string[]> => {
    const ids: string[] = [];
    for await (const { cellId } of readRecords(this.#opened)) ids.push(cellId);
    return ids.sort();
  };

  notJoinedSince: Store['notJoinedSince'] = async (at) => {
    const ids: string[] = [];
    for await (const { cellId, value } of readRecords(this.#opened))
      if (value.joinedAt !== undefined && value.joinedAt < at) ids.push(cellId);
    return ids.sort();
  };

  remove: Store['remove'] = (cellId) => this.#on(cellId, (lane) => lane.run((cell) => cell.remove()));

  /** The servers have forgotten it already. */
  purge: Store['purge'] = async () => {};

  size: Store['size'] = (cellId) => this.#on(cellId, (lane) => lane.run((cell) => cell.size()));

  versions: Store['versions'] = (cellId) => this.#on(cellId, (lane) => lane.run((cell) => cell.versions()));

  version: Store['version'] = (cellId, number) =>
    this.#on(cellId, (lane) => lane.run((cell) => cell.version(number)));

  backup: Store['backup'] = async () => {
    throw new FailedPrecondition('NATS keeps the store: back it up there (nats account backup)', {
      reason: 'STORE_ON_NATS',
    });
  };

  load: Store['load'] = (cellId) => this.#on(cellId, (lane) => lane.run((cell) => cell.load()));

  change: Store['change'] = (cellId, change) => this.#on(cellId, (lane) => lane.change(change));

  dropUnused: Store['dropUnused'] = (cellId, { evenConfigured = false } = {}) =>
    this.#on(cellId, (lane) => lane.run((cell) => cell.dropUnused(evenConfigured)));

  snapshot: Store['snapshot'] = (cellId, learner) =>
    this.#on(cellId, (lane) => lane.run((cell) => cell.snapshot(learner)));

  snapshots: Store['snapshots'] = (learner, limit) => readSnapshots(this.#opened, learner, limit);

  fleetPrior = async (): Promise<string | undefined> => readFleetPrior(this.#opened);

  setFleetPrior = async (text: string): Promise<void> => writeFleetPrior(this.#opened, text);

  sitePriors: Store['sitePriors'] = async () => readSitePriors(this.#opened);

  reserveVersions: Store['reserveVersions'] = (cellId, { count, above = 0 }) =>
    this.#on(cellId, (lane) => lane.run((cell) => cell.reserveVersions(count, above)));

  append: Store['append'] = (batch) => this.#on(batch.cellId, (lane) => lane.append(batch));

  read: Store['read'] = (cellId, after, limit) =>
    this.#on(cellId, (lane) => lane.run((cell) => cell.read(after, limit)));

  newest: Store['newest'] = (cellId, limit) =>
    this.#on(cellId, (lane) => lane.run((cell) => cell.newest(limit)));

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    // Finish what was requested before; accept nothing new.
    this.#closed = new Unavailable('the store is closed');
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
    this.#stopProbing();
    await this.#deps.owners?.[Symbol.asyncDispose]();
    await this.#streams.nc.close();
  }

  get #opened(): JetStreams {
    if (this.#closed) throw this.#closed;
    return this.#streams;
  }

  async #on<T>(cellId: string, act: (lane: CellLane) => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#closed;
    const { maxPending } = this.#deps.limits;
    if (this.#waiting >= maxPending)
      throw new ResourceExhausted(`the store has ${maxPending} operations waiting`);
    this.#waiting++;
    try {
      return await act(this.#laneOf(cellId));
    } catch (error) {
      if (error instanceof WeirError && error.reason === storeNotWritable)
        this.#setReachable(false, error.message);
      throw error;
    }
  }

  #laneOf(cellId: string): CellLane {
    const known = this.#lanes.get(cellId);
    if (known) return known;
    const { limits, owners, onFenced } = this.#deps;
    const cell = new NatsCell({
      streams: this.#streams,
      cellId,
      limits,
      owners,
      onFenced: () => onFenced(cellId),
    });
    const lane = new CellLane(cell, this.#deps.clock, (started) => (this.#waiting -= started));
    this.#lanes.set(cellId, lane);
    return lane;
  }

  async #followConnection(): Promise<void> {
    const { nc } = this.#streams;
    void nc.closed().then((error) => {
      if (this.#closed) return;
      // It reconnects for ever, unless the servers let it in no longer.
      this.#closed = new Unavailable(`the store lets nobody in: ${error ? error.message : 'closed'}`, {
        cause: error,
      });
      this.#setReachable(false, this.#closed.message);
      this.#failure.abort(this.#closed);
    });
    for await (const { type } of nc.status())
      if (type === 'disconnect') this.#setReachable(false, 'no server answers');
  }

  #setReachable(reachable: boolean, why = ''): void {
    if (reachable === this.#isReachable) return;
    this.#isReachable = reachable;
    const { logger, clock, onReachable } = this.#deps;
    if (reachable) logger.info({}, 'the store is back');
    else logger.error({}, `goes on, and learns nothing until the store is back: ${why}`);
    onReachable(reachable);
    this.#stopProbing();
    if (!reachable && !this.#closed) this.#stopProbing = clock.every(probeMs, () => this.#probe());
  }

  /** Only a write tells: one that is cut off from most replicas answers questions for a while. */
  #probe(): void {
    this.#streams.kv.put(probeKey, '').then(
      () => {
        if (!this.#closed) this.#setReachable(true);
      },
      () => {
        // Told when it went.
      },
    );
  }
}
