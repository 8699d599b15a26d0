import { Cancelled, type Clock, DeadlineExceeded, ResourceExhausted, Unavailable } from '@weir/base';
import type { InputSpec } from '../catalogue/manifest.ts';
import { FairQueue, type Turn } from './fair-queue.ts';
import { pixelsToDecode } from './picture-limits.ts';
import type { PreparedPicture, Preprocessor } from './preprocessor.ts';

/**
 * Pictures with more pixels are decoded beside the slots: a slot would wait for its picture, and all others for the slot.
 * 720p is below it, and takes some 10 ms.
 */
export const MOST_PIXELS_IN_SLOT = 1_048_576;
/** Threads of libuv, which decode, by default; one of them is left to the pictures of the slots. */
const libuvThreads = 4;

export interface LargePicture {
  readonly image: Uint8Array;
  readonly input: InputSpec;
  /** Whose it is; pictures of nobody in particular count as one caller's. */
  readonly caller: string;
  /** As of a job. */
  readonly deadlineAt?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A picture as a tensor, and how long it waited for its turn. */
export type DecodedPicture = PreparedPicture & { readonly waitMs: number };

export interface LargePicturesOptions {
  readonly preprocessor: Pick<Preprocessor, 'prepare'>;
  /** Inferences at once: with no more decodes than that, and three at most. */
  readonly slots: number;
  /** Pictures that may wait. */
  readonly queueLimit: number;
  readonly clock: Clock;
}

interface Waiting extends Turn {
  readonly begin: () => void;
  readonly refuse: (reason: Error) => void;
}

/**
 * Decodes large pictures, few at once, for callers in turn by pixels: whoever sends many of them waits for its own.
 */
export class LargePictures {
  readonly #options: LargePicturesOptions;
  readonly #atOnce: number;
  readonly #queue = new FairQueue<Waiting>();
  #running = 0;

  constructor(options: LargePicturesOptions) {
    this.#options = options;
    this.#atOnce = Math.min(options.slots, libuvThreads - 1);
  }

  /** Pictures that wait or are decoded. */
  get size(): number {
    return this.#queue.size + this.#running;
  }

  /**
   * @throws InvalidInput for what cannot be decoded, ResourceExhausted when too many wait (reason QUEUE_FULL), first those of
   * whoever has most, DeadlineExceeded or Cancelled when the picture's time or signal ran out before its turn
   */
  async decode({ image, input, caller, deadlineAt, signal }: LargePicture): Promise<DecodedPicture> {
    const { preprocessor, clock } = this.#options;
    const since = clock.now();
    if (signal?.aborted) throw cancelled(signal);
    const turn = Promise.withResolvers<void>();
    const waiting: Waiting = {
      caller,
      cost: pixelsToDecode(image),
      begin: turn.resolve,
      refuse: turn.reject,
    };
    const giveUp = (reason: Error) => {
      if (this.#queue.remove(waiting)) waiting.refuse(reason);
    };
    this.#makeRoomFor(caller);
    this.#queue.add(waiting);
    this.#fill();
    using cleanUp = new DisposableStack();
    const onAbort = () => giveUp(cancelled(signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    cleanUp.defer(() => signal?.removeEventListener('abort', onAbort));
    if (deadlineAt !== undefined)
      cleanUp.defer(
        clock.after(Math.max(0, deadlineAt - since), () =>
          giveUp(new DeadlineExceeded('the picture could not be decoded before its deadline')),
        ),
      );
    await turn.promise;
    const waitMs = clock.now() - since;
    try {
      return { ...(await preprocessor.prepare(image, input)), waitMs };
    } finally {
      this.#running--;
      this.#fill();
    }
  }

  /** Gives up what waits. */
  close(): void {
    for (let next = this.#queue.take(); next; next = this.#queue.take())
      next.refuse(new Unavailable('the runner was closed'));
  }

  #makeRoomFor(caller: string): void {
    const { queueLimit } = this.#options;
    if (this.#queue.size < queueLimit) return;
    const full = new ResourceExhausted(
      `${queueLimit} large pictures wait to be decoded; send fewer or smaller ones`,
      { reason: 'QUEUE_FULL' },
    );
    const crowding = this.#queue.mostCrowded(caller);
    if (!crowding) throw full;
    this.#queue.remove(crowding);
    crowding.refuse(full);
  }

  #fill(): void {
    while (this.#running < this.#atOnce) {
      const next = this.#queue.take();
      if (!next) return;
      this.#running++;
      next.begin();
    }
  }
}

const cancelled = (signal: AbortSignal | undefined) =>
  new Cancelled('the request was cancelled before the picture was decoded', { cause: signal?.reason });
