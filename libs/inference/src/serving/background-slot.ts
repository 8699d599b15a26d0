import { Cancelled, type Clock, DeadlineExceeded, ResourceExhausted, Unavailable } from '@weir/base';
import type { Job, Served } from './job.ts';
import type { Batch, ItemResult, SessionSlot } from './session-slot.ts';

/** The thread ends after so long without work, ms: its sessions take memory that nobody waits for. */
const restMs = 60_000;

/** One inference at a time that nobody waits for, on a thread of its own that is there only while it is used. */
export interface BackgroundSlot extends AsyncDisposable {
  /**
   * The time until the thread has started, and loaded the model, counts as waiting.
   * @throws ResourceExhausted (reason NOT_IDLE) while busy; DeadlineExceeded or Cancelled for work that had not begun when
   * its time or signal ran out; Unavailable once drained; Internal when the thread dies or cannot start
   */
  readonly run: (job: Pick<Job<Batch>, 'payload' | 'deadlineAt' | 'signal'>) => Promise<Served<ItemResult>>;
  /** Refuses new work and resolves when what runs has ended. */
  readonly drain: () => Promise<void>;
}

export interface BackgroundSlotOptions {
  readonly startThread: () => Promise<SessionSlot>;
  readonly clock: Clock;
}

export function createBackgroundSlot({ startThread, clock }: BackgroundSlotOptions): BackgroundSlot {
  let thread: Promise<SessionSlot> | undefined;
  let running: Promise<Served<ItemResult>> | undefined;
  let cancelRest: (() => void) | undefined;
  let draining = false;

  const end = async () => {
    cancelRest?.();
    const ending = thread;
    thread = undefined;
    // Why one could not start has been told to who asked for it.
    await (await ending?.catch(() => undefined))?.[Symbol.asyncDispose]();
  };
  /** After a failure the next inference gets a new thread. */
  const orEnd = async (error: unknown): Promise<never> => {
    await end();
    throw error;
  };
  const compute: BackgroundSlot['run'] = async ({ payload, deadlineAt = Infinity, signal }) => {
    const since = clock.now();
    const slot = await (thread ??= startThread()).catch(orEnd);
    if (signal?.aborted)
      throw new Cancelled('cancelled before the inference began', { cause: signal.reason });
    if (deadlineAt <= clock.now())
      throw new DeadlineExceeded('the deadline passed before the inference began');
    const [value] = await slot.start(payload).results.catch(orEnd);
    return { value: value!, elapsedMs: clock.now() - since, batchSize: 1 };
  };

  return {
    async run(job) {
      if (draining) throw new Unavailable('the runner is draining; send the request elsewhere');
      if (running) throw notIdle('another background inference runs');
      cancelRest?.();
      running = compute(job);
      try {
        return await running;
      } finally {
        running = undefined;
        if (thread && !draining) cancelRest = clock.after(restMs, () => void end());
      }
    },
    async drain() {
      draining = true;
      await running?.catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      draining = true;
      await end();
    },
  };
}

/** Why background work is refused. */
export const notIdle = (why: string): ResourceExhausted =>
  new ResourceExhausted(`background work is taken only while nothing else runs or waits: ${why}`, {
    reason: 'NOT_IDLE',
  });
