import type { NodeLoad } from '@weir/domain';
import type { EventQueue } from './events.ts';

/** Window of a node's own measurements, ms; see NodeLoad. */
const WINDOW_MS = 5_000;

/** One inference at a node. Times in ms. */
export interface Job {
  /** Nominal service time, before the node's estimate of its current speed. */
  readonly nominalMs: number;
  /** Actual service time. */
  readonly serviceMs: number;
  /** `queueMs`: its wait; `concurrency`: jobs in service and queued when it arrived. */
  done(times: { queueMs: number; concurrency: number }): void;
  /** The node went down. */
  lost(): void;
}

interface Running {
  readonly job: Job;
  readonly startedAt: number;
  readonly queueMs: number;
  readonly concurrency: number;
}

interface Waiting {
  readonly job: Job;
  readonly cameAt: number;
  readonly concurrency: number;
}

/** A node of FIFO slots in virtual time, with the load report of a real worker. */
export class SlotNode {
  readonly id: string;
  readonly slots: number;
  readonly #events: EventQueue;
  readonly #queue: Waiting[] = [];
  readonly #running = new Set<Running>();
  #down = false;
  /** Actual over nominal service time, a recent average. */
  #pace = 1;
  #measuredAt = 0;
  #meanBacklogMs = 0;
  #utilization = 0;
  #arrivals = 0;

  constructor(id: string, slots: number, events: EventQueue) {
    this.id = id;
    this.slots = slots;
    this.#events = events;
  }

  get down(): boolean {
    return this.#down;
  }

  /** Going down loses all jobs. */
  set down(down: boolean) {
    if (this.#down === down) return;
    this.#measure();
    this.#down = down;
    if (!down) return;
    const gone = [...[...this.#running].map(({ job }) => job), ...this.#queue.map(({ job }) => job)];
    this.#running.clear();
    this.#queue.length = 0;
    for (const job of gone) job.lost();
  }

  arrive(job: Job): void {
    if (this.#down) return job.lost();
    this.#measure();
    this.#arrivals += 1 / WINDOW_MS;
    this.#queue.push({
      job,
      cameAt: this.#events.now,
      concurrency: this.#running.size + this.#queue.length,
    });
    this.#start();
  }

  /** Frames of the cell under way to this node; only an omniscient reference may look. */
  readonly underWay = new Set<{ readonly deviceId: string; readonly nominalMs: number }>();

  /** The load as an omniscient `deviceId` would see it: including what other devices have already sent. */
  trueLoad(deviceId: string): NodeLoad {
    const others = [...this.underWay].filter((frame) => frame.deviceId !== deviceId);
    return { ...this.load(), backlogMs: this.backlogMs(others) };
  }

  load(): NodeLoad {
    this.#measure();
    return {
      nodeId: this.id,
      slots: this.slots,
      inService: this.#running.size,
      queued: this.#queue.length,
      backlogMs: this.backlogMs(),
      meanBacklogMs: this.#meanBacklogMs,
      congestionPerMs: this.#arrivals / (1 - Math.min(0.95, this.#utilization)),
      utilization: this.#utilization,
    };
  }

  /** Expected wait of a job that arrives now (behind `ahead`), by nominal times and the node's pace. */
  backlogMs(ahead: readonly { readonly nominalMs: number }[] = []): number {
    if (this.#running.size + ahead.length < this.slots) return 0;
    const { now } = this.#events;
    const freeAt = [...this.#running]
      .map(({ job, startedAt }) => Math.max(now, startedAt + job.nominalMs * this.#pace))
      .sort((a, b) => a - b);
    for (let idle = this.slots - freeAt.length; idle > 0; idle--) freeAt.unshift(now);
    // Few slots and short queues: a sorted insertion suffices.
    for (const { nominalMs } of [...this.#queue.map(({ job }) => job), ...ahead]) {
      const end = freeAt.shift()! + nominalMs * this.#pace;
      let index = freeAt.findIndex((at) => at > end);
      if (index < 0) index = freeAt.length;
      freeAt.splice(index, 0, end);
    }
    return freeAt[0]! - now;
  }

  #start(): void {
    while (this.#running.size < this.slots && this.#queue.length > 0) {
      const { job, cameAt, concurrency } = this.#queue.shift()!;
      const startedAt = this.#events.now;
      const running: Running = { job, startedAt, queueMs: startedAt - cameAt, concurrency };
      this.#running.add(running);
      this.#events.after(job.serviceMs, () => this.#finish(running));
    }
  }

  #finish(running: Running): void {
    if (!this.#running.has(running)) return;
    this.#measure();
    this.#running.delete(running);
    const { job, queueMs, concurrency } = running;
    this.#pace += (job.serviceMs / job.nominalMs - this.#pace) / 8;
    this.#start();
    job.done({ queueMs, concurrency });
  }

  /** Advances the sliding means to now. */
  #measure(): void {
    const { now } = this.#events;
    const kept = Math.exp((this.#measuredAt - now) / WINDOW_MS);
    this.#measuredAt = now;
    this.#meanBacklogMs = this.backlogMs() * (1 - kept) + this.#meanBacklogMs * kept;
    this.#utilization = (this.#running.size / this.slots) * (1 - kept) + this.#utilization * kept;
    this.#arrivals *= kept;
  }
}
