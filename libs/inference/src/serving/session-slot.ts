import './no-runtime-telemetry.ts';
import { Internal, InvalidInput } from '@weir/base';
import { Worker } from 'node:worker_threads';
import type { ThreadMessage, ThreadRequest, ThreadResult, ThreadSetup } from './session-protocol.ts';

const MAX_RESTARTS = 5;

/** Runs one request at a time on a thread of its own; replaces the thread when it dies. */
export interface SessionSlot extends AsyncDisposable {
  /** Computation of the warm-up's last run by variant. */
  readonly warmMs: Readonly<Record<string, number>>;
  /** @throws InvalidInput when the input does not fit, Internal when the session fails or the thread dies */
  readonly run: (request: ThreadRequest) => Promise<ThreadResult>;
  /** Resolves when the thread can serve: at once, or after a restart; false when restarting failed for good. */
  readonly recovered: () => Promise<boolean>;
}

export interface SlotOptions {
  /** The thread's script. */
  readonly entry: URL;
  readonly setup: ThreadSetup;
  /** Called each time the thread dies. */
  readonly onCrash?: (cause: Error) => void;
}

/** Resolves when the thread has loaded and warmed all its sessions. @throws Internal when it cannot */
export async function startSlot({ entry, setup, onCrash }: SlotOptions): Promise<SessionSlot> {
  let thread = await startThread(entry, setup);
  let recovery: Promise<boolean> = Promise.resolve(true);
  let closing = false;

  const restart = async (): Promise<boolean> => {
    for (let attempt = 0; attempt < MAX_RESTARTS && !closing; attempt++) {
      try {
        thread = await startThread(entry, setup);
        watch();
        return true;
      } catch (cause) {
        onCrash?.(cause as Error);
      }
    }
    return false;
  };
  const watch = () => {
    const watched = thread;
    void watched.died.then((cause) => {
      if (closing) return;
      onCrash?.(cause);
      recovery = restart();
    });
  };
  watch();

  return {
    warmMs: thread.warmMs,
    run: (request) => thread.run(request),
    recovered: async () => (await recovery) && !closing,
    async [Symbol.asyncDispose]() {
      closing = true;
      await recovery;
      await thread.worker.terminate();
    },
  };
}

interface Thread {
  readonly worker: Worker;
  readonly warmMs: Readonly<Record<string, number>>;
  readonly died: Promise<Error>;
  readonly run: (request: ThreadRequest) => Promise<ThreadResult>;
}

async function startThread(entry: URL, setup: ThreadSetup): Promise<Thread> {
  const worker = new Worker(entry, { workerData: setup });
  let expecting: PromiseWithResolvers<ThreadMessage> | undefined = Promise.withResolvers<ThreadMessage>();
  const ready = expecting.promise;
  const { promise: died, resolve: die } = Promise.withResolvers<Error>();

  worker.on('message', (message: ThreadMessage) => expecting?.resolve(message));
  worker.on('error', (cause) => die(cause as Error));
  worker.on('exit', (code) => die(new Error(`the thread exited with code ${code}`)));
  void died.then((cause) => expecting?.reject(new Internal('the inference thread died', { cause })));

  const first = await ready.catch((failure: Internal) => {
    throw new Internal(`no inference thread could be started: ${(failure.cause as Error).message}`, {
      cause: failure.cause,
    });
  });
  return {
    worker,
    warmMs: first.kind === 'ready' ? first.warmMs : {},
    died,
    async run(request) {
      expecting = Promise.withResolvers<ThreadMessage>();
      worker.postMessage(request);
      const message = await expecting.promise.finally(() => (expecting = undefined));
      if (message.kind === 'result') return message;
      if (message.kind === 'invalid') throw new InvalidInput(message.violations);
      throw new Internal('the model failed on this input', {
        cause: new Error(message.kind === 'failed' ? message.message : message.kind),
      });
    },
  };
}
