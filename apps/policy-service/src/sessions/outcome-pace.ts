import { type Clock, type Logger, loopUtilization } from '@weir/base';

/** Time between two looks, ms: about as long as it takes until agents have heard of a change and keep to it. */
const lookMs = 10_000;
/** Share of the time that the serving thread may be busy, and below which agents may send as often again. */
const busy = { most: 0.5, least: 0.2 };
/** Pauses between messages of outcomes, ms; each is twice the one before. */
const pauses = { first: 1_000, last: 8_000 };

export interface OutcomePaceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Share of the time since it was last asked that the serving thread was busy, 0..1. @default as Node measures it */
  readonly busyShare?: () => number;
}

/**
 * How long agents leave between two messages of outcomes. A message costs the serving thread more than what is in it: the
 * busier that is, the fewer and fuller it asks for. Nothing is left out, and it learns some seconds later.
 */
export class OutcomePace implements Disposable {
  #outcomePauseMs = 0;
  readonly #logger: Logger;
  readonly #stop: () => void;

  constructor({ clock, logger, busyShare = loopUtilization() }: OutcomePaceOptions) {
    this.#logger = logger;
    this.#stop = clock.every(lookMs, () => this.#look(busyShare()));
  }

  /** Least time between two messages of an agent, ms; 0: as it likes. */
  get outcomePauseMs(): number {
    return this.#outcomePauseMs;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #look(share: number): void {
    const before = this.#outcomePauseMs;
    if (share > busy.most) this.#outcomePauseMs = Math.min(pauses.last, Math.max(pauses.first, 2 * before));
    if (share < busy.least) this.#outcomePauseMs = before > pauses.first ? before / 2 : 0;
    if (this.#outcomePauseMs !== before)
      this.#logger.info(
        { busyShare: share, outcomePauseMs: this.#outcomePauseMs },
        share > busy.most
          ? 'the serving thread is busy: agents send fewer and fuller messages'
          : 'agents may send their outcomes sooner again',
      );
  }
}
