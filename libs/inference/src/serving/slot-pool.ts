import { Cancelled, type Clock, DeadlineExceeded, ResourceExhausted, Unavailable } from '@weir/base';
import { LoadMeter, type WindowedLoad } from './load-meter.ts';
import type { Job, Served, Started } from './job.ts';
import { isBefore, type Waiting, WaitingList } from './waiting-list.ts';

/** What is waiting and what is coming at a pool of slots. */
export interface Load extends WindowedLoad {
  readonly queued: number;
  readonly inService: number;
  readonly slots: number;
  /** Expected wait of a request that arrives now; a slot that is overdue counts with the time that it is overdue. */
  readonly backlogMs: number;
}

export interface SlotPoolOptions<Payload, Result> {
  readonly slots: number;
  /** How many jobs may wait. */
  readonly queueLimit: number;
  readonly clock: Clock;
  readonly start: (slot: number, payloads: readonly Payload[]) => Started<Result>;
  /** Whether a slot that is busy can be handed what runs next. @default never */
  readonly hasRoom?: (slot: number) => boolean;
  /** Awaited after a failure before a slot takes its next job; `false`: the slot is gone for good. */
  readonly recovered?: (slot: number) => Promise<boolean>;
  /** Most jobs of a group that gain by running together. @default 1 */
  readonly batchLimit?: (group: string) => number;
  /** How long `size` jobs of a group hold a slot together, relative to one alone. @default size */
  readonly batchFactor?: (group: string, size: number) => number;
}

interface Assignment<Payload, Result> {
  readonly batch: readonly Waiting<Payload, Result>[];
  readonly expectedMs: number;
  readonly started: Started<Result>;
}

interface Slot<Payload, Result> {
  /** What it does now. */
  running: Assignment<Payload, Result> | undefined;
  /** What it does next, handed over so that it need not wait for this thread. */
  staged: Assignment<Payload, Result> | undefined;
  /** When it is expected to have done what runs. */
  freeAt: number;
  /** Its thread is being replaced. */
  recovering: boolean;
}

/**
 * A few servers behind one bounded queue, served by deadline. A job that cannot be done in time is refused when it comes,
 * or given up as soon as that is known. Each slot holds what it does next beside what it does now; until that has begun it
 * belongs to the queue, and goes to whichever slot is free first.
 */
export class SlotPool<Payload, Result> {
  readonly #options: SlotPoolOptions<Payload, Result>;
  readonly #clock: Clock;
  readonly #meter: LoadMeter;
  readonly #slots = new Map<number, Slot<Payload, Result>>();
  readonly #queue = new WaitingList<Payload, Result>();
  #cancelTimer: (() => void) | undefined;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(options: SlotPoolOptions<Payload, Result>) {
    const { slots, clock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#meter = new LoadMeter({ slots, now: clock.now() });
    for (let slot = 0; slot < slots; slot++)
      this.#slots.set(slot, { running: undefined, staged: undefined, freeAt: 0, recovering: false });
  }

  /**
   * Runs a job when its turn comes.
   * @throws ResourceExhausted when the queue is full (reason QUEUE_FULL) or the deadline cannot be met
   * (DEADLINE_UNREACHABLE), DeadlineExceeded or Cancelled when the job's time or signal ran out before it began (it is
   * then never started), Unavailable once draining or when no slot is alive
   */
  async submit(job: Job<Payload>): Promise<Served<Result>> {
    const now = this.#clock.now();
    if (this.#drained) throw isDraining();
    if (job.signal?.aborted) throw cancelled(job.signal);
    if (this.#slots.size === 0) throw new Unavailable('no inference thread is alive');
    this.#refuseIfLate(job, now);
    if (this.#waitingCount() >= this.#options.queueLimit && this.#idleSlot() === undefined)
      throw new ResourceExhausted(`the inference queue is full (${this.#options.queueLimit} waiting)`, {
        reason: 'QUEUE_FULL',
      });
    this.#meter.arrived(now);
    const { promise, resolve, reject } = Promise.withResolvers<Served<Result>>();
    const waiting: Waiting<Payload, Result> = { job, since: now, resolve, reject };
    const onAbort = () => this.#cancel(waiting);
    job.signal?.addEventListener('abort', onAbort, { once: true });
    this.#queue.add(waiting);
    this.#overtake(waiting);
    this.#fill();
    return promise.finally(() => job.signal?.removeEventListener('abort', onAbort));
  }

  load(): Load {
    const now = this.#clock.now();
    const inService = this.#inService();
    const freeAt = this.#expectedStart(now);
    // A slot that is overdue makes the backlog grow though nothing has happened.
    this.#meter.changed({ now, inService, freeAt });
    const { utilization, meanBacklogMs, congestionPerMs } = this.#meter.read(now);
    return {
      queued: this.#waitingCount(),
      inService,
      slots: this.#slots.size,
      backlogMs: Math.max(0, freeAt - now),
      utilization,
      meanBacklogMs,
      congestionPerMs,
    };
  }

  /** Refuses new jobs and resolves when all accepted ones have settled. */
  async drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers<void>();
    this.#settleDrain();
    return this.#drained.promise;
  }

  /** Refuses new jobs and gives up those that wait. */
  close(): void {
    this.#drained ??= Promise.withResolvers<void>();
    this.#giveUp('the runner was closed');
    this.#settled();
  }

  /** Hands waiting jobs to slots until no slot can take more. */
  #fill(): void {
    this.#dropLate();
    for (;;) {
      const idle = this.#idleSlot();
      if (idle !== undefined) {
        // What waits behind a slow job elsewhere runs here instead.
        if (this.#queue.size === 0 && !this.#unstageLatest()) break;
        this.#assign(idle, 'running');
        continue;
      }
      const busy = this.#slotToStage();
      if (busy === undefined || this.#queue.size === 0) break;
      this.#assign(busy, 'staged');
    }
    this.#settled();
  }

  #assign(id: number, place: 'running' | 'staged'): void {
    const { batchLimit = () => 1, batchFactor = (_group, size) => size } = this.#options;
    const batch = this.#queue.takeBatch(batchLimit);
    const { group } = batch[0]!.job;
    const alone = Math.max(...batch.map(({ job }) => job.expectedMs));
    const expectedMs = group === undefined ? alone : alone * batchFactor(group, batch.length);
    const started = this.#options.start(
      id,
      batch.map(({ job }) => job.payload),
    );
    const assignment: Assignment<Payload, Result> = { batch, expectedMs, started };
    const slot = this.#slots.get(id)!;
    slot[place] = assignment;
    if (place === 'running') slot.freeAt = this.#clock.now() + expectedMs;
    started.results.then(
      (results) => this.#done(id, assignment, results),
      (reason: unknown) => void this.#failed(id, assignment, reason as Error),
    );
  }

  #done(id: number, assignment: Assignment<Payload, Result>, results: readonly Result[]): void {
    const now = this.#clock.now();
    const slot = this.#slots.get(id);
    // Its job was taken back, or the slot is gone.
    if (slot?.running !== assignment) return;
    this.#advance(slot, now);
    assignment.batch.forEach(({ since, resolve }, at) =>
      resolve({ value: results[at]!, elapsedMs: now - since, batchSize: results.length }),
    );
    this.#fill();
  }

  async #failed(id: number, assignment: Assignment<Payload, Result>, reason: Error): Promise<void> {
    const slot = this.#slots.get(id);
    if (slot?.running !== assignment) return;
    if (slot.staged) this.#unstage(slot);
    slot.running = undefined;
    // What has not begun is done by another slot, or by this one once it has recovered.
    if (assignment.started.withdraw()) for (const waiting of assignment.batch) this.#requeue(waiting);
    else for (const { reject } of assignment.batch) reject(reason);
    slot.recovering = true;
    this.#fill();
    if (await (this.#options.recovered?.(id) ?? true)) slot.recovering = false;
    else this.#retire(id);
    this.#fill();
  }

  /** What was staged has begun. */
  #advance(slot: Slot<Payload, Result>, now: number): void {
    slot.running = slot.staged;
    slot.staged = undefined;
    if (!slot.running) return;
    slot.freeAt = now + slot.running.expectedMs;
  }

  /** Takes back what a slot does next; false when it has begun. */
  #unstage(slot: Slot<Payload, Result>): boolean {
    const { staged } = slot;
    if (!staged?.started.withdraw()) return false;
    slot.staged = undefined;
    for (const waiting of staged.batch) this.#requeue(waiting);
    return true;
  }

  #unstageLatest(): boolean {
    const staged = [...this.#slots.values()].filter((slot) => slot.staged !== undefined);
    staged.sort((a, b) => b.freeAt - a.freeAt);
    return staged.some((slot) => this.#unstage(slot));
  }

  /** What was handed over ahead of something more urgent goes back. */
  #overtake(urgent: Waiting<Payload, Result>): void {
    for (const slot of this.#slots.values())
      if (slot.staged && isBefore(urgent, slot.staged.batch[0]!)) this.#unstage(slot);
  }

  #requeue(waiting: Waiting<Payload, Result>): void {
    if (waiting.job.signal?.aborted) waiting.reject(cancelled(waiting.job.signal));
    else this.#queue.add(waiting);
  }

  #retire(id: number): void {
    this.#slots.delete(id);
    if (this.#slots.size === 0) this.#giveUp('no inference thread is alive');
  }

  #giveUp(reason: string): void {
    for (const slot of this.#slots.values()) this.#unstage(slot);
    for (const { reject } of this.#queue.takeAll()) reject(new Unavailable(reason));
  }

  #cancel(waiting: Waiting<Payload, Result>): void {
    const holder = [...this.#slots.values()].find(({ staged }) => staged?.batch.includes(waiting));
    if (holder && !this.#unstage(holder)) return;
    // Taking back what was staged has dropped it already.
    if (!holder && !this.#queue.remove(waiting)) return;
    waiting.reject(cancelled(waiting.job.signal));
    this.#fill();
  }

  /** Gives up what can no longer be done in time, and looks again when the next may be. */
  #dropLate(): void {
    const now = this.#clock.now();
    for (const slot of this.#slots.values())
      if (slot.staged?.batch.some(({ job }) => isLate(job, now))) this.#unstage(slot);
    for (const waiting of this.#queue.takeWhere(({ job }) => isLate(job, now)))
      waiting.reject(new DeadlineExceeded('the inference could not be done before its deadline'));
  }

  #armTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const staged = [...this.#slots.values()].flatMap((slot) => slot.staged?.batch ?? []);
    const lastStarts = [...this.#queue, ...staged].map(({ job }) => lastStart(job));
    const next = Math.min(...lastStarts);
    if (next === Infinity) return;
    // A ms later: at the instant itself there is still time.
    this.#cancelTimer = this.#clock.after(Math.max(0, next - this.#clock.now()) + 1, () => this.#fill());
  }

  /** Refuses a job that no order of service could do in time, before it costs anybody anything. */
  #refuseIfLate(job: Job<Payload>, now: number): void {
    const { deadlineAt, expectedMs } = job;
    if (deadlineAt === undefined) return;
    if (deadlineAt <= now) throw new DeadlineExceeded('the deadline passed before the inference began');
    const start = this.#expectedStart(now, deadlineAt);
    if (start + expectedMs <= deadlineAt) return;
    throw new ResourceExhausted(
      `the inference would take until ${Math.ceil(start + expectedMs - deadlineAt)} ms after its deadline`,
      { reason: 'DEADLINE_UNREACHABLE', retryAfterMs: start + expectedMs - deadlineAt },
    );
  }

  #idleSlot(): number | undefined {
    for (const [id, { running, recovering }] of this.#slots) if (!running && !recovering) return id;
    return undefined;
  }

  /** The slot that should be handed what comes next, if it can be: the one that is free first. */
  #slotToStage(): number | undefined {
    let soonest: number | undefined;
    for (const [id, { running, freeAt }] of this.#slots)
      if (running && (soonest === undefined || freeAt < this.#slots.get(soonest)!.freeAt)) soonest = id;
    if (soonest === undefined || this.#slots.get(soonest)!.staged) return undefined;
    return (this.#options.hasRoom?.(soonest) ?? false) ? soonest : undefined;
  }

  #inService(): number {
    let count = 0;
    for (const { running } of this.#slots.values()) if (running) count++;
    return count;
  }

  #waitingCount(): number {
    let count = this.#queue.size;
    for (const { staged } of this.#slots.values()) count += staged?.batch.length ?? 0;
    return count;
  }

  /** When an arrival of this instant would start: what is due before it takes the slots that are free first. */
  #expectedStart(now: number, dueAt = Infinity): number {
    const freeAt = [...this.#slots.values()].map((slot) => {
      const { running, staged, freeAt: at } = slot;
      if (!running) return now;
      // Nobody knows how long an overdue slot takes: as long again as it is overdue.
      return Math.max(at, now + Math.max(0, now - at)) + (staged?.expectedMs ?? 0);
    });
    const soonest = () => freeAt.indexOf(Math.min(...freeAt));
    for (const { job } of this.#queue) if (due(job) <= dueAt) freeAt[soonest()]! += job.expectedMs;
    return freeAt[soonest()] ?? now;
  }

  #settled(): void {
    this.#armTimer();
    this.#account();
    this.#settleDrain();
  }

  #account(): void {
    const now = this.#clock.now();
    this.#meter.changed({ now, inService: this.#inService(), freeAt: this.#expectedStart(now) });
  }

  #settleDrain(): void {
    if (this.#inService() === 0 && this.#waitingCount() === 0) this.#drained?.resolve();
  }
}

const due = ({ deadlineAt = Infinity }: Job<unknown>) => deadlineAt;
const lastStart = ({ deadlineAt = Infinity, expectedMs }: Job<unknown>) => deadlineAt - expectedMs;
const isLate = (job: Job<unknown>, now: number) => lastStart(job) < now;
const cancelled = (signal: AbortSignal | undefined) =>
  new Cancelled('the request was cancelled before the inference started', { cause: signal?.reason });

export const isDraining = () => new Unavailable('the runner is draining; send the request elsewhere');
