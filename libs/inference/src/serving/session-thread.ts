/**
 * The entry of a worker thread that owns one ONNX session for each variant.
 *
 * `session.run` blocks the thread that calls it; here that costs nobody else, and while it does, libuv decodes the
 * pictures of the next batch. Sessions are never released while the thread lives: creating and releasing them leaks in
 * ONNX Runtime.
 */
import { InvalidInput } from '@weir/base/errors';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeInto } from './image.ts';
import { takeLowestPriority } from './lowest-priority.ts';
import { toFloats } from './output-floats.ts';
import { runTensors } from './session-tensors.ts';
import {
  type BatchTimes,
  type ClassifierModel,
  inputBytes,
  LaneState,
  type SessionModel,
  type TensorsModel,
  type ThreadAnswer,
  type ThreadMessage,
  type ThreadRequest,
  type ThreadSetup,
} from './session-protocol.ts';

const WARM_UP_RUNS = 3;

/** One black pixel: the first picture would otherwise pay for loading the decoder. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC',
  'base64',
);

interface Loaded<Model extends SessionModel = SessionModel> {
  readonly model: Model;
  readonly session: InferenceSession;
  /** Of one input of a classifier. */
  readonly elements: number;
}
const isClassifier = (entry: Loaded): entry is Loaded<ClassifierModel> => 'input' in entry.model;

const { models, threadsPerSession, background, states } = workerData as ThreadSetup;
if (background) takeLowestPriority();
const laneStates = new Int32Array(states);
const stillness = new Int32Array(new SharedArrayBuffer(4));
const loaded = new Map<string, Loaded>();

const warmMs: Record<string, BatchTimes> = {};
for (const model of background ? [] : models) {
  const entry = await load(model);
  warmMs[model.name] = Object.fromEntries(
    isClassifier(entry) ? await warmClassifier(entry) : await warmTensors(entry as Loaded<TensorsModel>),
  );
}
/** Time in which this thread computed and could do nothing else, ms. */
let busyMs = 0;
/** Batches are computed in the order in which they came, whatever their pictures take to decode. */
let before: Promise<void> = Promise.resolve();
parentPort!.on('message', (request: ThreadRequest) => {
  const prepared = prepare(request);
  before = before.then(async () => answer(request, await prepared));
});
say({ kind: 'ready', warmMs });

async function load(model: SessionModel): Promise<Loaded> {
  const session = await InferenceSession.create(model.path, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threadsPerSession,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const elements = 'input' in model ? inputBytes(model.input) / (model.input.dtype === 'uint8' ? 1 : 4) : 0;
  const entry = { model, session, elements };
  loaded.set(model.name, entry);
  return entry;
}

async function warmClassifier(entry: Loaded<ClassifierModel>): Promise<[number, number][]> {
  const { input, batchSizes } = entry.model;
  const data = new ArrayBuffer(inputBytes(input) * batchSizes.at(-1)!);
  await decodeInto(PIXEL, input, view(entry, data, 0, 1));
  return warm(batchSizes, (size) => compute(entry, data, size));
}

async function warmTensors({ session, model }: Loaded<TensorsModel>): Promise<[number, number][]> {
  return warm(model.batchSizes, () => runTensors(session, model.outputs, model.example));
}

async function warm(
  batchSizes: readonly number[],
  run: (size: number) => Promise<{ readonly computeMs: number }>,
): Promise<[number, number][]> {
  const times: [number, number][] = [];
  for (const size of batchSizes) {
    let best = Infinity;
    for (let at = 0; at < WARM_UP_RUNS; at++) best = Math.min(best, (await run(size)).computeMs);
    times.push([size, best]);
  }
  return times;
}

interface Prepared {
  readonly decodeMs: number;
  readonly fault?: unknown;
}

/** Decodes the pictures of a batch into their lane, all at once. */
async function prepare({ data, variant, images }: ThreadRequest): Promise<readonly Prepared[]> {
  let entry: Loaded;
  try {
    entry = loaded.get(variant) ?? (await load(models.find(({ name }) => name === variant)!));
  } catch (fault) {
    return images.map(() => ({ decodeMs: 0, fault }));
  }
  return Promise.all(
    images.map(async (image, at): Promise<Prepared> => {
      if (!image) return { decodeMs: 0 };
      const [start, busyBefore] = [performance.now(), busyMs];
      // What passed while the batch before was computed was waiting for its turn, not decoding.
      const sinceMs = () => Math.max(0, performance.now() - start - (busyMs - busyBefore));
      try {
        const classifier = entry as Loaded<ClassifierModel>;
        await decodeInto(image, classifier.model.input, view(classifier, data, at, 1));
        return { decodeMs: sinceMs() };
      } catch (fault) {
        return { decodeMs: sinceMs(), fault };
      }
    }),
  );
}

async function answer(request: ThreadRequest, prepared: readonly Prepared[]): Promise<void> {
  const { lane, data, variant, tensors, holdMs } = request;
  const { staged, claimed } = LaneState;
  if (Atomics.compareExchange(laneStates, lane, staged, claimed) !== staged)
    return say({ kind: 'withdrawn', lane, data });
  const start = performance.now();
  let answers: ThreadAnswer[];
  let computeMs = 0;
  try {
    if (prepared.every(({ fault }) => fault !== undefined)) {
      answers = prepared.map(({ fault }) => failure(fault));
    } else {
      const entry = loaded.get(variant)!;
      const done = isClassifier(entry)
        ? await compute(entry, data, prepared.length)
        : await runTensors(entry.session, (entry as Loaded<TensorsModel>).model.outputs, tensors!);
      if (holdMs !== undefined) hold(start + holdMs);
      computeMs = holdMs === undefined ? done.computeMs : performance.now() - start;
      answers =
        'output' in done ? classified(done.output, prepared) : [{ kind: 'tensors', outputs: done.outputs }];
    }
  } catch (error) {
    answers = prepared.map(({ fault }) => failure(fault ?? error));
  }
  busyMs += performance.now() - start;
  say({ kind: 'done', lane, data, answers, computeMs });
}

/** `output`: Float32Array [batch × classes]. */
function classified(output: Float32Array, prepared: readonly Prepared[]): ThreadAnswer[] {
  const classes = output.length / prepared.length;
  return prepared.map(({ decodeMs, fault }, at) =>
    fault === undefined
      ? { kind: 'result', output: output.slice(at * classes, (at + 1) * classes), decodeMs }
      : failure(fault),
  );
}

async function compute(entry: Loaded<ClassifierModel>, data: ArrayBuffer, size: number) {
  const { model, session } = entry;
  const { dtype, shape } = model.input;
  const tensor = new Tensor(dtype, view(entry, data, 0, size) as never, [size, ...shape.slice(1)]);
  const start = performance.now();
  const outputs = await session.run({ [model.input.name]: tensor }, [model.outputName]);
  const output = toFloats(outputs[model.outputName]!, model.quantisation);
  return { output, computeMs: performance.now() - start };
}

/** `count` inputs of a lane from the one at `at`. */
function view(
  { model, elements }: Loaded<ClassifierModel>,
  data: ArrayBuffer,
  at: number,
  count: number,
): Float32Array | Uint8Array {
  return model.input.dtype === 'uint8'
    ? new Uint8Array(data, at * elements, count * elements)
    : new Float32Array(data, 4 * at * elements, count * elements);
}

function failure(error: unknown): ThreadAnswer {
  if (error instanceof InvalidInput) return { kind: 'invalid', violations: error.violations };
  return { kind: 'failed', message: (error as Error).message };
}

/** Sleeps to within a tenth of a ms, without a core: timers of the event loop are ten times coarser. */
function hold(until: number): void {
  const remainingMs = until - performance.now();
  if (remainingMs > 0) Atomics.wait(stillness, 0, 0, remainingMs);
}

const outputBuffers = (message: ThreadMessage): ArrayBuffer[] =>
  message.kind === 'done'
    ? message.answers.flatMap((given) =>
        given.kind === 'tensors' ? given.outputs.map(({ data }) => data.buffer as ArrayBuffer) : [],
      )
    : [];

function say(message: ThreadMessage): void {
  parentPort!.postMessage(message, 'data' in message ? [message.data, ...outputBuffers(message)] : []);
}
