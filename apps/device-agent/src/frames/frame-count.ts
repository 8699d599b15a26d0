import { ResourceExhausted } from '@weir/base';

/** Counts frames in flight, up to a limit, and how earlier ones ended. */
export class FrameCount {
  readonly #limit: number;
  #inFlight = 0;
  #answered = 0n;
  #failed = 0n;
  #accuracySum = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Admits a frame; call the returned function once it is done. Throws ResourceExhausted when full. */
  enter(): () => void {
    if (this.#inFlight >= this.#limit) {
      this.#failed += 1n;
      throw new ResourceExhausted(`${this.#limit} frames are in flight already; send again later`, {
        reason: 'TOO_MANY_FRAMES',
      });
    }
    this.#inFlight += 1;
    let left = false;
    return () => {
      if (!left) this.#inFlight -= 1;
      left = true;
    };
  }

  /** `expectedAccuracy`: of the variant, 0..1. */
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
