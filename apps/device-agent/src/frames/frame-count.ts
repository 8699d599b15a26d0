import { addAbortListener } from 'node:events';
import { type Clock, DeadlineExceeded, ResourceExhausted, systemClock } from '@weir/base';

/** How fast the smoothed time in which a frame holds its place follows. */
const gain = 0.1;

/** Counts frames in flight, up to a limit, and how earlier ones ended. */
export class FrameCount {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #inFlight = 0;
  /** How long a frame holds its place, smoothed, ms. */
  #heldMs = 0;
  #answered = 0n;
  #failed = 0n;
  #accuracySum = 0;

  constructor(limit: number, { clock = systemClock }: { clock?: Clock } = {}) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /**
   * Admits a frame; call the returned function once it is done. Throws ResourceExhausted when full, or when others wait
   * already, with the time in which a place is expected to be free.
   */
  enter(): () => void {
    const leave = this.enterIfFree();
    if (leave) return leave;
    this.#failed += 1n;
    throw new ResourceExhausted(`${this.#limit} frames are in flight already; send again later`, {
      reason: 'TOO_MANY_FRAMES',
      retryAfterMs: Math.max(1, (this.#heldMs * (this.#waiting.size + 1)) / this.#limit),
    });
  }

  /** Like `enter`, but undefined when there is no room: nothing has failed then. */
  enterIfFree(): (() => void) | undefined {
    return this.#inFlight < this.#limit && this.#waiting.size === 0 ? this.#admit() : undefined;
  }

  /**
   * Admits a frame as soon as there is room, in the order of asking. Rejects with the signal's reason, and with
   * DeadlineExceeded when there is no room by `deadlineAt`, epoch ms.
   */
  async whenFree(signal: AbortSignal, { deadlineAt = Infinity } = {}): Promise<() => void> {
    signal.throwIfAborted();
    return this.enterIfFree() ?? this.#wait(signal, deadlineAt);
  }

  async #wait(signal: AbortSignal, deadlineAt: number): Promise<() => void> {
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const admit = () => resolve(this.#admit());
    const giveUp = (reason: Error) => {
      this.#waiting.delete(admit);
      reject(reason);
    };
    this.#waiting.add(admit);
    using listening = new DisposableStack();
    listening.use(addAbortListener(signal, () => giveUp(signal.reason as Error)));
    const late = () => giveUp(new DeadlineExceeded('the frame got no place before its deadline'));
    const leftMs = Math.max(0, deadlineAt - this.#clock.now());
    if (leftMs < Infinity) listening.defer(this.#clock.after(leftMs, late));
    return await promise;
  }

  #admit(): () => void {
    this.#inFlight += 1;
    const admittedAt = this.#clock.now();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inFlight -= 1;
      const heldMs = this.#clock.now() - admittedAt;
      this.#heldMs += (this.#heldMs === 0 ? 1 : gain) * (heldMs - this.#heldMs);
      const [next] = this.#waiting;
      if (!next) return;
      this.#waiting.delete(next);
      next();
    };
  }

  /** `expectedAccuracy`: promised of the frame, 0..1. */
  answered(expectedAccuracy: number): void {
    this.#answered += 1n;
    this.#accuracySum += expectedAccuracy;
  }

  failed(): void {
    this.#failed += 1n;
  }

  read() {
    return {
      inFlight: this.#inFlight,
      answered: this.#answered,
      failed: this.#failed,
      /** 0 before the first answer. */
      meanExpectedAccuracy: this.#answered > 0n ? this.#accuracySum / Number(this.#answered) : 0,
    };
  }
}
