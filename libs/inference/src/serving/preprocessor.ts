import { type FieldViolation, Internal, InvalidInput } from '@weir/base';
import { Worker } from 'node:worker_threads';
import type { InputSpec } from '../catalogue/manifest.ts';

/** Makes a classifier's tensor of a picture, for a runtime elsewhere, as the classifier's own would. */
export interface Preprocessor extends AsyncDisposable {
  /** Rejects with InvalidInput for a picture that cannot be read, and with Internal when the thread dies. */
  prepare(image: Uint8Array, input: InputSpec): Promise<PreparedPicture>;
}

export interface PreparedPicture {
  /** Row-major, little endian, of the input's shape and type. */
  readonly tensor: Uint8Array;
  /** Decoding, resizing and normalising, ms. */
  readonly decodeMs: number;
}

export interface PreprocessRequest {
  readonly id: number;
  readonly image: Uint8Array;
  readonly input: InputSpec;
}

export type PreprocessAnswer =
  | {
      readonly id: number;
      readonly kind: 'prepared';
      readonly tensor: ArrayBuffer;
      readonly decodeMs: number;
    }
  | { readonly id: number; readonly kind: 'invalid'; readonly violations: readonly FieldViolation[] }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string };

const entry = new URL('./preprocess-thread.ts', import.meta.url);

/**
 * Works on a thread of its own, so that pictures keep no event loop busy. The thread is started for the first picture, and
 * again for the next one when it has died.
 */
export function createPreprocessor(): Preprocessor {
  let thread: Thread | undefined;
  let disposed = false;
  return {
    async prepare(image, input) {
      if (disposed) throw new Internal('the preprocessor was closed');
      if (!thread?.alive) thread = startThread();
      return thread.prepare(image, input);
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await thread?.worker.terminate();
    },
  };
}

interface Thread {
  readonly worker: Worker;
  readonly alive: boolean;
  readonly prepare: Preprocessor['prepare'];
}

function startThread(): Thread {
  const worker = new Worker(entry);
  const waiting = new Map<number, PromiseWithResolvers<PreparedPicture>>();
  let alive = true;
  let last = 0;
  const die = (cause: unknown) => {
    alive = false;
    for (const { reject } of waiting.values())
      reject(new Internal('the preprocessing thread died', { cause }));
    waiting.clear();
  };
  worker.on('error', die);
  worker.on('exit', (code) => die(new Error(`the thread exited with code ${code}`)));
  worker.on('message', (answer: PreprocessAnswer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if (answer.kind === 'prepared')
      asked?.resolve({ tensor: new Uint8Array(answer.tensor), decodeMs: answer.decodeMs });
    else if (answer.kind === 'invalid') asked?.reject(new InvalidInput(answer.violations));
    else
      asked?.reject(new Internal('the picture could not be prepared', { cause: new Error(answer.message) }));
  });
  worker.unref();
  return {
    worker,
    get alive() {
      return alive;
    },
    prepare(image, input) {
      const id = ++last;
      const asked = Promise.withResolvers<PreparedPicture>();
      waiting.set(id, asked);
      worker.ref();
      // A copy to hand over: what came may share its memory with others.
      const own = Uint8Array.from(image);
      worker.postMessage({ id, image: own, input } satisfies PreprocessRequest, [own.buffer]);
      return asked.promise;
    },
  };
}
