import { Cancelled, type Clock, DeadlineExceeded } from '@weir/base';

export interface Bounds {
  /** ms since the epoch. */
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Called once, with the rejection, when the deadline or the signal came first. */
  readonly onGiveUp?: (error: DeadlineExceeded | Cancelled) => void;
}

/** Settles as `work` does, but no later than the deadline or the signal; what `work` does after that is ignored. */
export function bounded<T>(work: Promise<T>, { deadlineAt, signal, clock, onGiveUp }: Bounds): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (error: DeadlineExceeded | Cancelled) => {
      release();
      onGiveUp?.(error);
      reject(error);
    };
    const onAbort = () => giveUp(new Cancelled('the frame was cancelled', { cause: signal.reason }));
    const cancelTimer = clock.after(Math.max(0, deadlineAt - clock.now()), () =>
      giveUp(new DeadlineExceeded('no answer before the deadline')),
    );
    const release = () => {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(
      (value) => {
        release();
        resolve(value);
      },
      (error: Error) => {
        release();
        reject(error);
      },
    );
    if (signal.aborted) onAbort();
  });
}
