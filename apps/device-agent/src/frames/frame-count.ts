import { addAbortListener } from 'node:events';
import { ResourceExhausted } from '@weir/base';

/** Counts frames in flight, up to a limit, and how earlier ones ended. */
export class FrameCount {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #inFlight = 0;
  #answered = 0n;
  #failed = 0n;
  #accuracySum = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Admits a frame; call the returned function once it is done. Throws ResourceExhausted when full, or when others wait
   * already.
   */
  enter(): () => void {
    if (this.#inFlight >= this.#limit || this.#waiting.size > 0) {
      this.#failed += 1n;
      throw new ResourceExhausted(`${this.#limit} frames are in flight already; send again later`, {
        reason: 'TOO_MANY_FRAMES',
      });
    }
    return this.#admit();
  }

  /** Admits a frame as soon as there is room, in the order of asking. Rejects with the signal's reason. */
  async whenFree(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#inFlight < this.#limit && this.#waiting.size === 0) return this.#admit();
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const admit = () => resolve(this.#admit());
    const giveUp = () => {
      this.#waiting.delete(admit);
      reject(signal.reason as Error);
    };
    this.#waiting.add(admit);
    using _listener = addAbortListener(signal, giveUp);
    return await promise;
  }

  #admit(): () => void {
    this.#inFlight += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inFlight -= 1;
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
