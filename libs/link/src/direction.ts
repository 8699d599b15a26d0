import type { Clock } from '@weir/base';
import { Lane, type LinkConditions } from './lane.ts';

/** Bytes that may wait for the line before senders are held, as in a router's queue; 256 ms at 8 Mbit/s. */
const waitingLimitBytes = 256 * 1024;
/** Bytes that may be in the link altogether; 20 ms of 1.6 Gbit/s. */
const bufferedLimitBytes = 4 * 1024 * 1024;
/** Timers fire up to a millisecond late: deliver now what is due within half of one. */
const toleranceMs = 0.5;

/** A lane driven by a clock: delivers parcels when they are due and signals when it is full. */
export class Direction {
  readonly #lane: Lane<() => void>;
  readonly #clock: Clock;
  readonly #held = new Set<() => void>();
  #cancelTimer: (() => void) | undefined;
  #timerAt = Infinity;
  #bytes = 0;

  constructor(conditions: LinkConditions, clock: Clock) {
    this.#lane = new Lane(conditions);
    this.#clock = clock;
  }

  get conditions(): LinkConditions {
    return this.#lane.conditions;
  }
  /** Bytes delivered since the start. */
  get bytes(): number {
    return this.#bytes;
  }
  get bufferedBytes(): number {
    return this.#lane.bufferedBytes;
  }
  get full(): boolean {
    return this.#lane.waitingBytes >= waitingLimitBytes || this.#lane.bufferedBytes >= bufferedLimitBytes;
  }

  /** `deliver` runs when the bytes arrive at the other end. */
  push(bytes: number, deliver: () => void): void {
    this.#lane.push(
      () => {
        this.#bytes += bytes;
        deliver();
      },
      bytes,
      this.#clock.now(),
    );
    this.#run();
  }

  /** Calls back once there is room again. */
  whenRoom(resume: () => void): void {
    this.#held.add(resume);
  }

  set(conditions: Partial<LinkConditions>): void {
    this.#lane.set(conditions, this.#clock.now());
    this.#run();
  }

  freeze(): void {
    this.#lane.freeze(this.#clock.now());
    this.#run();
  }

  thaw(): void {
    this.#lane.thaw(this.#clock.now());
    this.#run();
  }

  clear(): void {
    this.#lane.clear();
    this.#run();
  }

  #run(): void {
    for (const deliver of this.#lane.advance(this.#clock.now() + toleranceMs)) deliver();
    if (!this.full && this.#held.size > 0) {
      const resumes = [...this.#held];
      this.#held.clear();
      for (const resume of resumes) resume();
    }
    const nextAt = this.#lane.nextAt();
    if (nextAt === this.#timerAt) return;
    this.#cancelTimer?.();
    this.#timerAt = nextAt;
    this.#cancelTimer = undefined;
    if (nextAt === Infinity) return;
    this.#cancelTimer = this.#clock.after(Math.max(0, nextAt - this.#clock.now()), () => {
      this.#timerAt = Infinity;
      this.#run();
    });
  }
}
