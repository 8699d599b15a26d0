import './no-runtime-telemetry.ts';
import { type Clock, exitByKill, Internal, InvalidInput, sleep, systemClock } from '@weir/base';
import type { NamedTensorValue } from '@weir/domain';
import { Worker } from 'node:worker_threads';
import type { ModelInput } from './inference-input.ts';
import type { Started } from './job.ts';
import { Lane, laneMemory, LANES } from './lane.ts';
import {
  type BatchTimes,
  inputBytes,
  type RequestWithInputs,
  type SessionModel,
  type ThreadAnswer,
  type ThreadMessage,
  type ThreadReady,
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
    0,
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
  const memories = Array.from({ length: LANES }, () => laneMemory(laneBytes));
  const lanes = memories.map((memory) => new Lane(memory));
  /** Of each lane that is taken. */
  const waiting = lanes.map((): PromiseWithResolvers<readonly ItemResult[]> | undefined => undefined);
  const setup: ThreadSetup = { ...options, lanes: memories };
  const places = new Map(options.models.map(({ name }, at) => [name, at]));
  const worker = new Worker(entry, {
    workerData: setup,
    resourceLimits: { maxYoungGenerationSizeMb: threadYoungMb },
  });
  const ready = Promise.withResolvers<ThreadReady>();
  const { promise: died, resolve: die } = Promise.withResolvers<Error>();
  let dead: Internal | undefined;

  /** The thread is done with a lane. */
  const take = (number: number, resultsOf: (lane: Lane) => readonly ItemResult[]) => {
    const lane = lanes[number]!;
    const taken = waiting[number];
    waiting[number] = undefined;
    if (lane.free()) taken?.resolve(resultsOf(lane));
  };
  worker.on('message', (message: ThreadMessage) => {
    if (typeof message === 'number') take(message, resultsIn);
    else if (message.kind === 'ready') ready.resolve(message);
    else take(message.lane, () => message.answers.map((answer) => resultOf(answer, message.computeMs)));
  });
  worker.on('error', (cause) => die(cause as Error));
  worker.on('exit', (code) => die(new Error(`the thread exited with code ${code}`)));
  void died.then((cause) => {
    dead = new Internal('the inference thread died', { cause });
    ready.reject(dead);
    for (const taken of waiting) taken?.reject(dead);
  });

  const { warmMs } = await ready.promise.catch((failure: Internal) => {
    throw new Internal(`no inference thread could be started: ${(failure.cause as Error).message}`, {
      cause: failure.cause,
    });
  });
  const freeLane = () => {
    const lane = waiting.indexOf(undefined);
    return dead || lane < 0 ? undefined : lane;
  };
  return {
    worker,
    warmMs,
    died,
    freeLane,
    start({ variant, inputs, holdMs }) {
      const number = freeLane();
      if (number === undefined)
        // The thread has died and is being replaced: nothing has begun, and the caller may start it again elsewhere.
        return {
          results: Promise.reject(dead ?? new Internal('the inference thread is full')),
          withdraw: () => true,
        };
      const lane = lanes[number]!;
      const taken = Promise.withResolvers<readonly ItemResult[]>();
      waiting[number] = taken;
      inputs.forEach((input, at) => 'tensor' in input && lane.put(input.tensor, at));
      lane.stage({ model: places.get(variant)!, size: inputs.length, holdMs });
      if (inputs.every((input) => 'tensor' in input)) worker.postMessage(number);
      else worker.postMessage(...withInputs(number, inputs));
      return { results: taken.promise, withdraw: () => lane.withdraw() };
    },
  };
}

/** Copies of the inputs that are in no lane, and their memory, to hand over. */
function withInputs(lane: number, inputs: readonly ModelInput[]): [RequestWithInputs, ArrayBuffer[]] {
  const copies: ArrayBuffer[] = [];
  const copyOf = (bytes: Uint8Array) => {
    const copy = new Uint8Array(bytes);
    copies.push(copy.buffer);
    return copy;
  };
  const images = inputs.map((input) => ('image' in input ? copyOf(input.image) : undefined));
  const tensors = inputs.flatMap((input) =>
    'tensors' in input ? input.tensors.map((tensor) => ({ ...tensor, data: copyOf(tensor.data) })) : [],
  );
  return [{ lane, images, tensors }, copies];
}

function resultsIn(lane: Lane): readonly ItemResult[] {
  const { outputs, computeMs } = lane.results();
  return outputs.map((output) => ({ output, decodeMs: 0, computeMs }));
}

function resultOf(answer: ThreadAnswer, computeMs: number): ItemResult {
  if (answer.kind === 'result') return { output: answer.output, decodeMs: answer.decodeMs, computeMs };
  if (answer.kind === 'tensors') return { outputs: answer.outputs, computeMs };
  if (answer.kind === 'invalid') return { fault: new InvalidInput(answer.violations) };
  return { fault: new Internal('the model failed on this input', { cause: new Error(answer.message) }) };
}
