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
import { Lane } from './lane.ts';
import { takeLowestPriority } from './lowest-priority.ts';
import { toFloats } from './output-floats.ts';
import { runTensors } from './session-tensors.ts';
import {
  type BatchTimes,
  type ClassifierModel,
  inputBytes,
  type RequestWithInputs,
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

const { models, threadsPerSession, background, lanes: memories } = workerData as ThreadSetup;
if (background) takeLowestPriority();
const lanes = memories.map((memory) => new Lane(memory));
const stillness = new Int32Array(new SharedArrayBuffer(4));
/** By their place in `models`. */
const loaded: Loaded[] = [];

const warmMs: Record<string, BatchTimes> = {};
for (const [at, { name }] of background ? [] : models.entries()) {
  const entry = await load(at);
  warmMs[name] = Object.fromEntries(
    isClassifier(entry) ? await warmClassifier(entry) : await warmTensors(entry as Loaded<TensorsModel>),
  );
}
/** Time in which this thread computed and could do nothing else, ms. */
let busyMs = 0;
/** Batches are computed in the order in which they came, whatever their pictures take to decode. */
let before: Promise<void> = Promise.resolve();
parentPort!.on('message', (message: ThreadRequest) => {
  const request: Request = typeof message === 'number' ? { lane: message } : message;
  const prepared = prepare(request);
  before = before.then(async () => answer(request, await prepared));
});
say({ kind: 'ready', warmMs });

async function load(at: number): Promise<Loaded> {
  const model = models[at]!;
  const session = await InferenceSession.create(model.path, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threadsPerSession,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const elements = 'input' in model ? inputBytes(model.input) / (model.input.dtype === 'uint8' ? 1 : 4) : 0;
  return (loaded[at] = { model, session, elements });
}

async function warmClassifier(entry: Loaded<ClassifierModel>): Promise<[number, number][]> {
  const { input, batchSizes } = entry.model;
  const [lane] = lanes as [Lane];
  await decodeInto(PIXEL, input, inputsOf(entry, lane, { at: 0, count: 1 }));
  return warm(batchSizes, (size) => compute(entry, lane, size));
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

type Request = Pick<RequestWithInputs, 'lane'> & Partial<RequestWithInputs>;

interface Prepared {
  readonly decodeMs: number;
  readonly fault?: unknown;
}

/** Decodes the pictures of a batch into their lane, all at once. */
async function prepare({ lane: number, images }: Request): Promise<readonly Prepared[]> {
  const lane = lanes[number]!;
  const { model, size } = lane.batch;
  let entry: Loaded;
  try {
    entry = loaded[model] ?? (await load(model));
  } catch (fault) {
    return Array<Prepared>(size).fill({ decodeMs: 0, fault });
  }
  if (!images) return Array<Prepared>(size).fill({ decodeMs: 0 });
  return Promise.all(
    images.map(async (image, at): Promise<Prepared> => {
      if (!image) return { decodeMs: 0 };
      const [start, busyBefore] = [performance.now(), busyMs];
      // What passed while the batch before was computed was waiting for its turn, not decoding.
      const sinceMs = () => Math.max(0, performance.now() - start - (busyMs - busyBefore));
      try {
        const classifier = entry as Loaded<ClassifierModel>;
        await decodeInto(image, classifier.model.input, inputsOf(classifier, lane, { at, count: 1 }));
        return { decodeMs: sinceMs() };
      } catch (fault) {
        return { decodeMs: sinceMs(), fault };
      }
    }),
  );
}

async function answer(request: Request, prepared: readonly Prepared[]): Promise<void> {
  if (!lanes[request.lane]!.claim()) return say(request.lane);
  const start = performance.now();
  const message = await infer(request, prepared);
  busyMs += performance.now() - start;
  say(message);
}

/** What to say of a batch that has begun. */
async function infer(
  { lane: number, images, tensors }: Request,
  prepared: readonly Prepared[],
): Promise<ThreadMessage> {
  const done = (answers: readonly ThreadAnswer[], computeMs = 0) =>
    ({ kind: 'done', lane: number, answers, computeMs }) as const;
  const lane = lanes[number]!;
  const { model, holdMs } = lane.batch;
  const start = performance.now();
  try {
    if (prepared.every(({ fault }) => fault !== undefined))
      return done(prepared.map(({ fault }) => failure(fault)));
    const entry = loaded[model]!;
    const given = isClassifier(entry)
      ? await compute(entry, lane, prepared.length)
      : await runTensors(entry.session, (entry as Loaded<TensorsModel>).model.outputs, tensors!);
    if (holdMs !== undefined) hold(start + holdMs);
    const computeMs = holdMs === undefined ? given.computeMs : performance.now() - start;
    if ('outputs' in given) return done([{ kind: 'tensors', outputs: given.outputs }], computeMs);
    if (!images && lane.answer(given.output, computeMs)) return number;
    return done(classified(given.output, prepared), computeMs);
  } catch (error) {
    return done(prepared.map(({ fault }) => failure(fault ?? error)));
  }
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

async function compute(entry: Loaded<ClassifierModel>, lane: Lane, size: number) {
  const { model, session } = entry;
  const { dtype, shape } = model.input;
  const tensor = new Tensor(dtype, inputsOf(entry, lane, { at: 0, count: size }) as never, [
    size,
    ...shape.slice(1),
  ]);
  const start = performance.now();
  const outputs = await session.run({ [model.input.name]: tensor }, [model.outputName]);
  const output = toFloats(outputs[model.outputName]!, model.quantisation);
  return { output, computeMs: performance.now() - start };
}

function inputsOf(
  { model, elements }: Loaded<ClassifierModel>,
  lane: Lane,
  place: { readonly at: number; readonly count: number },
): Float32Array | Uint8Array {
  return lane.inputs(model.input.dtype, { elements, ...place });
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

function say(message: ThreadMessage): void {
  const answers = typeof message !== 'number' && message.kind === 'done' ? message.answers : [];
  const buffers = answers.flatMap((given) =>
    given.kind === 'tensors' ? given.outputs.map(({ data }) => data.buffer as ArrayBuffer) : [],
  );
  parentPort!.postMessage(message, buffers);
}
