import type { Clock } from '@weir/base';
import type { Appended, Batch, CellChange, StoredMember } from '../experience.ts';
import type { NatsCell } from './nats-cell.ts';

/** Operations of one kind that may be done together. */
interface Waiting<Given, Result> {
  readonly given: Given;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}
type Operation =
  | ({ readonly kind: 'append' } & Waiting<Batch, Appended>)
  | ({ readonly kind: 'change' } & Waiting<CellChange, void>)
  | ({ readonly kind: 'other' } & Waiting<(cell: NatsCell) => Promise<unknown>, unknown>);

/** Most operations that are done together. */
const groupLimit = 1_000;

/**
 * Least time between two messages of outcomes, ms: a message costs servers and disks much the same however many outcomes it has.
 * Acknowledgements come by at most as much later.
 */
const gatherMs = 100;

/**
 * Operations on a cell, in the order in which they were asked for: while some are at the servers, and for a while after the last
 * message of outcomes, the others gather.
 */
export class CellLane {
  readonly #cell: NatsCell;
  readonly #clock: Clock;
  readonly #onStarted: (count: number) => void;
  readonly #waiting: Operation[] = [];
  #appendedAt = -Infinity;
  /** Ends the wait for more outcomes. */
  #goOn = () => {};
  #running: Promise<void> | undefined;
  /** Operations that are not answered. */
  #open = 0;

  /** `onStarted`: so many of those that waited wait no longer. */
  constructor(cell: NatsCell, clock: Clock, onStarted: (count: number) => void) {
    this.#cell = cell;
    this.#clock = clock;
    this.#onStarted = onStarted;
  }

  append(batch: Batch): Promise<Appended> {
    return new Promise((resolve, reject) => this.#add({ kind: 'append', given: batch, resolve, reject }));
  }

  change(change: CellChange): Promise<void> {
    return new Promise((resolve, reject) => this.#add({ kind: 'change', given: change, resolve, reject }));
  }

  run<T>(act: (cell: NatsCell) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) =>
      this.#add({ kind: 'other', given: act, resolve: resolve as (result: unknown) => void, reject }),
    );
  }

  /** At once, whatever waits: what is under way may wait for servers that are gone. */
  checkStanding(): Promise<void> {
    return this.#cell.checkStanding();
  }

  /** Everything has been answered. */
  get isIdle(): boolean {
    return this.#open === 0;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    this.#goOn();
    await this.#running;
  }

  #add(operation: Operation): void {
    this.#waiting.push(operation);
    this.#open++;
    if (operation.kind !== 'append') this.#goOn();
    this.#running ??= this.#runAll();
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const leftMs = this.#appendedAt + gatherMs - this.#clock.now();
      // What can be begun at once must not count as waiting.
      if (leftMs > 0 && this.#waiting.every(({ kind }) => kind === 'append')) await this.#gather(leftMs);
      const group = this.#next();
      this.#onStarted(group.length);
      try {
        const results = await this.#runGroup(group).finally(() => (this.#open -= group.length));
        group.forEach(({ resolve }, at) => (resolve as (result: unknown) => void)(results[at]));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    // At once: whoever was just answered may ask for more.
    this.#running = undefined;
  }

  /** Until it is time for the next message, or something waits behind its outcomes. */
  #gather(leftMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(leftMs, resolve);
      this.#goOn = () => {
        cancel();
        resolve();
      };
    });
  }

  #next(): readonly Operation[] {
    const [{ kind }] = this.#waiting as [Operation];
    if (kind === 'other') return this.#waiting.splice(0, 1);
    const end = this.#waiting
      .slice(0, groupLimit)
      .findIndex((operation, at) => operation.kind !== kind || (at > 0 && keepsVersion(operation)));
    return this.#waiting.splice(0, end < 0 ? groupLimit : end);
  }

  async #runGroup(group: readonly Operation[]): Promise<readonly unknown[]> {
    const [first] = group as [Operation];
    if (first.kind === 'other') return [await first.given(this.#cell)];
    if (first.kind === 'append') {
      this.#appendedAt = this.#clock.now();
      return this.#cell.append(group.map(({ given }) => given as Batch));
    }
    await this.#cell.change(merged(group.map(({ given }) => given as CellChange)));
    return group.map(() => undefined);
  }
}

/** Each version is kept, not the last one alone. */
const keepsVersion = ({ kind, given }: Operation): boolean =>
  kind === 'change' && given.version !== undefined;

/** One change that leaves the cell as these do, one after another. */
export function merged(changes: readonly CellChange[]): CellChange {
  const members = new Map<string, StoredMember | undefined>();
  for (const { joined = [], left = [] } of changes) {
    for (const member of joined) members.set(member.deviceId, member);
    for (const deviceId of left) members.set(deviceId, undefined);
  }
  const snapshots = new Map(
    changes.flatMap(({ snapshots: each = [] }) => each).map((each) => [each.learner, each]),
  );
  const { joined: _, left: __, snapshots: ___, ...last } = Object.assign({}, ...changes) as CellChange;
  return {
    ...last,
    joined: [...members.values()].filter((member) => member !== undefined),
    left: [...members].flatMap(([deviceId, member]) => (member ? [] : [deviceId])),
    snapshots: [...snapshots.values()],
  };
}
