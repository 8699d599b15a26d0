import { DeadlineExceeded, FailedPrecondition, type Clock, Internal } from '@weir/base';
import type { EmulationChange, EmulationState, FromConsole, ToConsole } from '@weir/cell';

/** The process that runs the cell and started this one. */
export interface Parent {
  onMessage(listener: (message: ToConsole) => void): void;
  send(message: FromConsole): void;
}

/** Over Node's IPC; undefined without an IPC channel. */
export function parentProcess(): Parent | undefined {
  if (!process.send) return undefined;
  return {
    onMessage: (listener) => void process.on('message', listener),
    send: (message) => void process.send?.(message),
  };
}

/** The emulated part of the cell, as its owner last reported it; absent for a real one. */
export class Emulation {
  readonly #parent: Parent | undefined;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #last = 0;
  state: EmulationState | undefined;

  constructor(parent: Parent | undefined, clock: Clock) {
    this.#parent = parent;
    this.#clock = clock;
  }

  /** Resolves when done. Throws FailedPrecondition when nothing is emulated, Internal with the owner's reason. */
  async change(change: EmulationChange): Promise<void> {
    if (!this.#parent || !this.state) throw new FailedPrecondition('nothing is emulated in this cell');
    const id = ++this.#last;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(id, waiting);
    const cancel = this.#clock.after(5_000, () =>
      waiting.reject(new DeadlineExceeded('the cell did not answer within 5 s')),
    );
    try {
      this.#parent.send({ kind: 'change', id, change });
      await waiting.promise;
    } finally {
      cancel();
      this.#waiting.delete(id);
    }
  }

  done({ id, error }: { readonly id: number; readonly error?: string }): void {
    if (error === undefined) this.#waiting.get(id)?.resolve();
    else this.#waiting.get(id)?.reject(new Internal(error));
  }
}
