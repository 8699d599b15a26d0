import type { Retained } from '../beliefs/beliefs.ts';

/** Failures in a row after which a node is left out of a device's plans. */
const patience = 3;
/** How long, before it is given another chance, ms. */
const pauseMs = 10_000;
/** Devices that must have lost patience before a node is left out for those that have not tried it. */
const witnesses = 2;
/** Failures that are the request's own fault say nothing about the node. */
const requestFaults = new Set(['CANCELLED', 'INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION']);

/** JSON form of a `FailureWatch`: node, device, failures in a row, ms until the next chance (0: not left out). */
export type FailureState = readonly (readonly [string, string, number, number])[];

interface Streak {
  readonly inARow: number;
  /** Instant of the next chance; 0: not left out. */
  readonly until: number;
}

/**
 * Which nodes fail again and again although they are said to be reachable: for the device that says so, and, once
 * enough devices do and none succeeds, for all.
 */
export class FailureWatch {
  /** By node, then device; a success leaves a streak of 0, which speaks for the node. */
  readonly #streaks = new Map<string, Map<string, Streak>>();
  /** Undefined until the first tick: instants count from 0 until then. */
  #now: number | undefined;
  #changed = false;
  /** Streaks of failures by node: of a node whose devices all succeed again nothing is kept. */
  readonly #failing = new Map<string, number>();
  /** Whether the node is left out for devices that have not tried it, as far as that was asked since the last change. */
  readonly #suspected = new Map<string, boolean>();

  /** `failure`: gRPC status name, undefined for a success. */
  observe(nodeId: string, deviceId: string, failure: string | undefined): void {
    if (failure !== undefined && requestFaults.has(failure)) return;
    let streaks = this.#streaks.get(nodeId);
    if (!streaks) {
      if (failure === undefined) return;
      this.#streaks.set(nodeId, (streaks = new Map<string, Streak>()));
    }
    const before = streaks.get(deviceId);
    const inARow = failure === undefined ? 0 : (before?.inARow ?? 0) + 1;
    streaks.set(deviceId, { inARow, until: inARow >= patience ? (this.#now ?? 0) + pauseMs : 0 });
    const formerly = before?.inARow ?? 0;
    if (inARow === patience || (inARow === 0 && formerly > 0)) this.#changed = true;
    const failing = (this.#failing.get(nodeId) ?? 0) + Math.sign(inARow) - Math.sign(formerly);
    this.#failing.set(nodeId, failing);
    this.#suspected.delete(nodeId);
    if (failing === 0) this.#forget(nodeId);
  }

  /** The present, ms. A clock that was set back keeps nobody out for longer than the pause. */
  tick(now: number): void {
    this.#suspected.clear();
    const offset = this.#now === undefined ? now : 0;
    this.#now = now;
    for (const streaks of this.#streaks.values())
      for (const [deviceId, { inARow, until }] of streaks)
        if (until > 0) streaks.set(deviceId, { inARow, until: Math.min(until + offset, now + pauseMs) });
  }

  /** True once after the set of suspects has changed. */
  changed(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** Whether a device is to leave a node out now. */
  avoids = (deviceId: string, nodeId: string): boolean => {
    const streaks = this.#streaks.get(nodeId);
    if (!streaks) return false;
    const own = streaks.get(deviceId);
    const now = this.#now ?? 0;
    if (own) return own.until > now;
    const known = this.#suspected.get(nodeId);
    if (known !== undefined) return known;
    const against = [...streaks.values()].filter(({ until }) => until > now).length;
    const inFavour = [...streaks.values()].filter(({ inARow }) => inARow === 0).length;
    const suspected = against >= witnesses && against > inFavour;
    this.#suspected.set(nodeId, suspected);
    return suspected;
  };

  /** Forgets all suspicions, for when nothing else is left. False when there were none. */
  clear(): boolean {
    const any = [...this.#streaks.values()].some((streaks) =>
      [...streaks.values()].some(({ until }) => until > 0),
    );
    this.#streaks.clear();
    this.#count();
    return any;
  }

  retain({ device, node }: Retained): void {
    for (const [nodeId, streaks] of this.#streaks) {
      for (const id of streaks.keys()) if (!device(id)) streaks.delete(id);
      if (!node(nodeId) || streaks.size === 0) this.#streaks.delete(nodeId);
    }
    this.#count();
  }

  /** Durations instead of instants, so that a clock that jumps between two processes leaves no node out. */
  state(): FailureState {
    return [...this.#streaks].flatMap(([nodeId, streaks]) =>
      [...streaks].map(
        ([deviceId, { inARow, until }]) =>
          [nodeId, deviceId, inARow, Math.max(0, until - (this.#now ?? 0))] as const,
      ),
    );
  }

  restore(state: FailureState): void {
    this.#streaks.clear();
    for (const [nodeId, deviceId, inARow, remainingMs] of state) {
      const streaks = this.#streaks.get(nodeId) ?? new Map<string, Streak>();
      streaks.set(deviceId, { inARow, until: remainingMs > 0 ? (this.#now ?? 0) + remainingMs : 0 });
      this.#streaks.set(nodeId, streaks);
    }
    this.#count();
  }

  #forget(nodeId: string): void {
    for (const map of [this.#streaks, this.#failing, this.#suspected]) map.delete(nodeId);
  }

  #count(): void {
    this.#suspected.clear();
    this.#failing.clear();
    for (const [nodeId, streaks] of this.#streaks)
      this.#failing.set(nodeId, [...streaks.values()].filter(({ inARow }) => inARow > 0).length);
  }
}
