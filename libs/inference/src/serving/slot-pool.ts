import { Cancelled, type Clock, DeadlineExceeded, ResourceExhausted, Unavailable } from '@weir/base';
import { LoadMeter, type WindowedLoad } from './load-meter.ts';

/** Load of a pool of slots. */
export interface Load extends WindowedLoad {
  readonly queued: number;
  readonly inService: number;
  readonly slots: number;
  /** Expected wait of a request that arrives now. */
  readonly backlogMs: number;
}

export interface Job<Result> {
  /** How long it is expected to hold its slot, ms. */
  readonly expectedMs: number;
  /** Epoch ms of the pool's clock after which the job no longer starts. */
  readonly deadlineAt?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Runs it on a slot, which is free again once the promise has settled and the slot has recovered. */
  readonly start: (slot: number) => Promise<Result>;
}

export interface SlotPoolOptions {
  readonly slots: number;
  /** Most jobs waiting. */
  readonly queueLimit: number;
  readonly clock: Clock;
  /** Awaited before a slot takes its next job; `false`: the slot is gone for good. */
  readonly recovered?: (slot: number) => Promise<boolean>;
}

interface Waiting {
  readonly job: Job<unknown>;
  readonly since: number;
  readonly resolve: (outcome: { value: unknown; queueMs: number }) => void;
  readonly reject: (reason: Error) => void;
  readonly onAbort: () => void;
}

/** A few servers behind one bounded first-come-first-served queue. */
export class SlotPool {
  readonly #clock: Clock;
  readonly #queueLimit: number;
  readonly #recovered: (slot: number) => Promise<boolean>;
  readonly #meter: LoadMeter;
  /** For each slot alive: when it is expected to be free; undefined while it is free. */
  readonly #expectedFreeAt = new Map<number, number | undefined>();
  readonly #queue: Waiting[] = [];
  #drained: PromiseWithResolvers<void> | undefined;

  constructor({ slots, queueLimit, clock, recovered = async () => true }: SlotPoolOptions) {
    this.#clock = clock;
    this.#queueLimit = queueLimit;
    this.#recovered = recovered;
    this.#meter = new LoadMeter({ slots, now: clock.now() });
    for (let slot = 0; slot < slots; slot++) this.#expectedFreeAt.set(slot, undefined);
  }

  /**
   * Runs a job when its turn comes.
   * @throws ResourceExhausted when the queue is full, DeadlineExceeded or Cancelled when the job's time or signal
   * ran out before it started (it then never starts), Unavailable once draining or when no slot is alive
   */
  async submit<Result>(job: Job<Result>): Promise<{ readonly value: Result; readonly queueMs: number }> {
    const now = this.#clock.now();
    if (this.#drained) throw new Unavailable('the runner is draining; send the request elsewhere');
    this.#refuseIfStale(job, now);
    if (this.#expectedFreeAt.size === 0) throw new Unavailable('no inference thread is alive');
    this.#meter.arrived(now);
    if (this.#freeSlot() === undefined && this.#queue.length >= this.#queueLimit) this.#dropStale();
    if (this.#freeSlot() === undefined && this.#queue.length >= this.#queueLimit)
      throw new ResourceExhausted(`the inference queue is full (${this.#queueLimit} waiting)`, {
        reason: 'QUEUE_FULL',
      });
    const { promise, resolve, reject } = Promise.withResolvers<{ value: unknown; queueMs: number }>();
    const waiting: Waiting = { job, since: now, resolve, reject, onAbort: () => this.#cancel(waiting) };
    job.signal?.addEventListener('abort', waiting.onAbort, { once: true });
    this.#queue.push(waiting);
    this.#dispatch();
    return promise as Promise<{ value: Result; queueMs: number }>;
  }

  load(): Load {
    const now = this.#clock.now();
    const inService = [...this.#expectedFreeAt.values()].filter((at) => at !== undefined).length;
    return {
      queued: this.#queue.length,
      inService,
      slots: this.#expectedFreeAt.size,
      backlogMs: Math.max(0, this.#expectedStart(now) - now),
      ...this.#meter.read(now),
    };
  }

  /** Refuses new jobs and resolves when all accepted ones have settled. */
  async drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers<void>();
    this.#settleDrain();
    return this.#drained.promise;
  }

  /** Refuses new jobs and fails waiting ones. */
  close(): void {
    this.#drained ??= Promise.withResolvers<void>();
    this.#giveUpQueue('the runner was closed');
    this.#settleDrain();
  }

  #dispatch(): void {
    for (let slot = this.#freeSlot(); slot !== undefined && this.#queue.length > 0; slot = this.#freeSlot()) {
      const waiting = this.#queue.shift()!;
      waiting.job.signal?.removeEventListener('abort', waiting.onAbort);
      try {
        this.#refuseIfStale(waiting.job, this.#clock.now());
      } catch (reason) {
        waiting.reject(reason as Error);
        continue;
      }
      void this.#serve(slot, waiting);
    }
    this.#account();
    this.#settleDrain();
  }

  async #serve(slot: number, { job, since, resolve, reject }: Waiting): Promise<void> {
    const now = this.#clock.now();
    this.#expectedFreeAt.set(slot, now + job.expectedMs);
    try {
      resolve({ value: await job.start(slot), queueMs: now - since });
    } catch (reason) {
      reject(reason as Error);
    }
    if (await this.#recovered(slot)) this.#expectedFreeAt.set(slot, undefined);
    else this.#retire(slot);
    this.#dispatch();
  }

  #retire(slot: number): void {
    this.#expectedFreeAt.delete(slot);
    if (this.#expectedFreeAt.size > 0) return;
    this.#giveUpQueue('no inference thread is alive');
  }

  #giveUpQueue(reason: string): void {
    for (const { job, onAbort, reject } of this.#queue.splice(0)) {
      job.signal?.removeEventListener('abort', onAbort);
      reject(new Unavailable(reason));
    }
  }

  #cancel(waiting: Waiting): void {
    const at = this.#queue.indexOf(waiting);
    if (at < 0) return;
    this.#queue.splice(at, 1);
    waiting.reject(cancelled(waiting.job.signal));
    this.#account();
    this.#settleDrain();
  }

  /** Drops expired jobs: they must not keep out those that can still be answered in time. */
  #dropStale(): void {
    const now = this.#clock.now();
    for (const waiting of this.#queue.filter(({ job }) => isExpired(job, now))) {
      this.#queue.splice(this.#queue.indexOf(waiting), 1);
      waiting.job.signal?.removeEventListener('abort', waiting.onAbort);
      waiting.reject(expired());
    }
  }

  #refuseIfStale(job: Job<unknown>, now: number): void {
    if (job.signal?.aborted) throw cancelled(job.signal);
    if (isExpired(job, now)) throw expired();
  }

  #freeSlot(): number | undefined {
    for (const [slot, expectedFreeAt] of this.#expectedFreeAt) if (expectedFreeAt === undefined) return slot;
    return undefined;
  }

  /** When an arrival now would start: the queue before it takes the earliest free slots. */
  #expectedStart(now: number): number {
    const freeAt = [...this.#expectedFreeAt.values()].map((at) => Math.max(now, at ?? now));
    const soonest = () => freeAt.indexOf(Math.min(...freeAt));
    for (const { job } of this.#queue) freeAt[soonest()]! += job.expectedMs;
    return freeAt[soonest()] ?? now;
  }

  #account(): void {
    const now = this.#clock.now();
    const inService = [...this.#expectedFreeAt.values()].filter((at) => at !== undefined).length;
    this.#meter.changed({ now, inService, freeAt: this.#expectedStart(now) });
  }

  #settleDrain(): void {
    const busy = [...this.#expectedFreeAt.values()].some((at) => at !== undefined);
    if (!busy && this.#queue.length === 0) this.#drained?.resolve();
  }
}

const isExpired = ({ deadlineAt }: Job<unknown>, now: number) =>
  deadlineAt !== undefined && deadlineAt <= now;
const expired = () => new DeadlineExceeded('the deadline passed before the inference started');
const cancelled = (signal: AbortSignal | undefined) =>
  new Cancelled('the request was cancelled before the inference started', { cause: signal?.reason });
