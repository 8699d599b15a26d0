import './no-runtime-telemetry.ts';
import { type Clock, exitByKill, Internal, InvalidInput, sleep, systemClock } from '@weir/base';
import type { NamedTensorValue } from '@weir/domain';
import { Worker } from 'node:worker_threads';
import type { ModelInput } from './inference-input.ts';
import type { Started } from './job.ts';
import {
  type BatchTimes,
  inputBytes,
  LANES,
  LaneState,
  type SessionModel,
  type ThreadAnswer,
  type ThreadMessage,
  type ThreadRequest,
  type ThreadSetup,
} from './session-protocol.ts';

/** Waits between attempts to restart a thread, ms: doubled from the first to the last. */
const restartMs = { first: 100, most: 30_000 };

/** V8's nursery in a thread, MB: what an inference leaves behind is small, and a larger one would only fill up. */
const threadYoungMb = 12;

/** How long a thread may take to end, ms. */
const terminationMs = 500;

/** A batch of inferences of one variant. Tensors by name come alone. */
export interface Batch {
  readonly variant: string;
  readonly inputs: readonly ModelInput[];
  readonly holdMs?: number | undefined;
}

/** What came of one inference of a batch; `fault` is InvalidInput or Internal. */
export type ItemResult =
  | { readonly output: Float32Array; readonly decodeMs: number; readonly computeMs: number }
  | { readonly outputs: readonly NamedTensorValue[]; readonly computeMs: number }
  | { readonly fault: InvalidInput | Internal };

/** Runs batches in order on a thread of its own; starts another thread when that one dies. */
export interface SessionSlot extends AsyncDisposable {
  /** Computation in the warm-up by variant and batch size, ms. */
  readonly warmMs: Readonly<Record<string, BatchTimes>>;
  /** False while every lane is taken. */
  readonly hasRoom: () => boolean;
  /** Hands a batch over. `results` rejects with Internal when the thread dies. */
  readonly start: (batch: Batch) => Started<ItemResult>;
  /** Resolves when the thread can serve: at once, or after its restart. False once disposed of. */
  readonly recovered: () => Promise<boolean>;
}

export interface SlotOptions {
  /** The thread's script. */
  readonly entry: URL;
  readonly models: readonly SessionModel[];
  readonly threadsPerSession: number;
  /** Computes at the lowest priority of the operating system, and loads each model when it is first asked for. @default false */
  readonly background?: boolean;
  /** Told of each death of the thread and of each restart that fails. */
  readonly onCrash?: (cause: Error) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** Resolves when the thread has loaded and warmed all its sessions; a background thread, when it runs. @throws Internal when it cannot */
export async function startSlot({
  entry,
  models,
  threadsPerSession,
  background = false,
  onCrash,
  clock = systemClock,
}: SlotOptions): Promise<SessionSlot> {
  const laneBytes = Math.max(
    8,
    ...models.map((model) => ('input' in model ? inputBytes(model.input) * model.batchSizes.at(-1)! : 0)),
  );
  const open = () => startThread(entry, { models, threadsPerSession, background, laneBytes });
  const closing = new AbortController();
  let thread = await open();
  let recovery: Promise<boolean> = Promise.resolve(true);

  const restart = async (): Promise<boolean> => {
    for (
      let delayMs = restartMs.first;
      !closing.signal.aborted;
      delayMs = Math.min(2 * delayMs, restartMs.most)
    ) {
      try {
        thread = await open();
        watch();
        return true;
      } catch (cause) {
        onCrash?.(cause as Error);
      }
      await sleep(delayMs, { clock, signal: closing.signal }).catch(() => {});
    }
    return false;
  };
  const watch = () =>
    void thread.died.then((cause) => {
      if (closing.signal.aborted) return;
      onCrash?.(cause);
      recovery = restart();
    });
  watch();

  return {
    warmMs: thread.warmMs,
    hasRoom: () => thread.freeLane() !== undefined,
    start: (batch) => thread.start(batch),
    recovered: async () => (await recovery) && !closing.signal.aborted,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await recovery;
      const stopped = new AbortController();
      const terminated = thread.worker.terminate().then(() => stopped.abort());
      await Promise.race([
        terminated,
        sleep(terminationMs, { clock, signal: stopped.signal }).catch(() => {}),
      ]);
      // Node joins its threads when it exits, and would wait for this one as long as the native code takes.
      if (!stopped.signal.aborted) exitByKill('an inference thread does not come back from native code');
    },
  };
}

interface Lane {
  /** Detached while the thread has it. */
  readonly data: ArrayBuffer;
  readonly waiting: PromiseWithResolvers<readonly ItemResult[]> | undefined;
}

interface Thread {
  readonly worker: Worker;
  readonly warmMs: Readonly<Record<string, BatchTimes>>;
  readonly died: Promise<Error>;
  readonly freeLane: () => number | undefined;
  readonly start: (batch: Batch) => Started<ItemResult>;
}

async function startThread(
  entry: URL,
  {
    laneBytes,
    ...options
  }: Pick<ThreadSetup, 'models' | 'threadsPerSession' | 'background'> & { laneBytes: number },
): Promise<Thread> {
  const states = new Int32Array(new SharedArrayBuffer(4 * LANES));
  const lanes = Array.from({ length: LANES }, (): Lane => ({
    data: new ArrayBuffer(laneBytes),
    waiting: undefined,
  }));
  const setup: ThreadSetup = { ...options, states: states.buffer };
  const bytesOf = new Map(
    options.models.map((model) => [model.name, 'input' in model ? inputBytes(model.input) : 0]),
  );
  const worker = new Worker(entry, {
    workerData: setup,
    resourceLimits: { maxYoungGenerationSizeMb: threadYoungMb },
  });
  const ready = Promise.withResolvers<ThreadMessage & { kind: 'ready' }>();
  const { promise: died, resolve: die } = Promise.withResolvers<Error>();
  let dead: Internal | undefined;

  worker.on('message', (message: ThreadMessage) => {
    if (message.kind === 'ready') return ready.resolve(message);
    const { lane, data } = message;
    const { waiting } = lanes[lane]!;
    lanes[lane] = { data, waiting: undefined };
    Atomics.store(states, lane, LaneState.free);
    if (message.kind === 'done')
      waiting?.resolve(message.answers.map((answer) => resultOf(answer, message.computeMs)));
  });
  worker.on('error', (cause) => die(cause as Error));
  worker.on('exit', (code) => die(new Error(`the thread exited with code ${code}`)));
  void died.then((cause) => {
    dead = new Internal('the inference thread died', { cause });
    ready.reject(dead);
    for (const { waiting } of lanes) waiting?.reject(dead);
  });

  const { warmMs } = await ready.promise.catch((failure: Internal) => {
    throw new Internal(`no inference thread could be started: ${(failure.cause as Error).message}`, {
      cause: failure.cause,
    });
  });
  const freeLane = () => {
    const lane = lanes.findIndex(({ waiting }) => waiting === undefined);
    return dead || lane < 0 ? undefined : lane;
  };
  return {
    worker,
    warmMs,
    died,
    freeLane,
    start({ variant, inputs: given, holdMs }) {
      const lane = freeLane();
      if (lane === undefined)
        // The thread has died and is being replaced: nothing has begun, and the caller may start it again elsewhere.
        return {
          results: Promise.reject(dead ?? new Internal('the inference thread is full')),
          withdraw: () => true,
        };
      const waiting = Promise.withResolvers<readonly ItemResult[]>();
      const { data } = lanes[lane]!;
      lanes[lane] = { data, waiting };
      Atomics.store(states, lane, LaneState.staged);
      let tensors: NamedTensorValue[] | undefined;
      const images = given.map((input, at) => {
        if ('image' in input) return new Uint8Array(input.image);
        // The only copy of a tensor between the socket and the runtime.
        if ('tensor' in input) new Uint8Array(data, at * bytesOf.get(variant)!).set(input.tensor);
        else tensors = input.tensors.map((tensor) => ({ ...tensor, data: new Uint8Array(tensor.data) }));
        return undefined;
      });
      const request: ThreadRequest = { lane, data, variant, images, tensors, holdMs };
      const buffers = [...images, ...(tensors ?? []).map((tensor) => tensor.data)].flatMap(
        (bytes) => (bytes?.buffer as ArrayBuffer | undefined) ?? [],
      );
      worker.postMessage(request, [data, ...buffers]);
      return {
        results: waiting.promise,
        withdraw: () =>
          Atomics.compareExchange(states, lane, LaneState.staged, LaneState.withdrawn) === LaneState.staged,
      };
    },
  };
}

function resultOf(answer: ThreadAnswer, computeMs: number): ItemResult {
  if (answer.kind === 'result') return { output: answer.output, decodeMs: answer.decodeMs, computeMs };
  if (answer.kind === 'tensors') return { outputs: answer.outputs, computeMs };
  if (answer.kind === 'invalid') return { fault: new InvalidInput(answer.violations) };
  return { fault: new Internal('the model failed on this input', { cause: new Error(answer.message) }) };
}
