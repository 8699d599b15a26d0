/**
 * The entry of a worker thread that owns one ONNX session for each variant.
 *
 * `session.run` blocks its thread; here that disturbs nobody else. Sessions are never released while the
 * thread lives: creating and releasing them leaks in ONNX Runtime.
 */
import { InvalidInput } from '@weir/base';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { parentPort, workerData } from 'node:worker_threads';
import { type ModelTensor, toModelTensor } from './image.ts';
import type { SessionModel, ThreadMessage, ThreadRequest, ThreadSetup } from './session-protocol.ts';

const WARM_UP_RUNS = 3;

/** One black pixel, decoded at start: the first picture would otherwise pay for loading the decoder. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC',
  'base64',
);

const { models, threadsPerSession } = workerData as ThreadSetup;
const sessions = new Map<string, { model: SessionModel; session: InferenceSession }>();
const stillness = new Int32Array(new SharedArrayBuffer(4));

const warmMs: Record<string, number> = {};
for (const model of models) {
  const session = await InferenceSession.create(model.path, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threadsPerSession,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  sessions.set(model.name, { model, session });
  for (let run = 0; run < WARM_UP_RUNS; run++) {
    const tensor = await toModelTensor({ image: PIXEL }, model.input);
    warmMs[model.name] = (await compute(session, model, tensor)).computeMs;
  }
}
parentPort!.on('message', (request: ThreadRequest) => void answer(request));
say({ kind: 'ready', warmMs });

async function answer({ variant, input, holdMs }: ThreadRequest): Promise<void> {
  try {
    const { model, session } = sessions.get(variant)!;
    const decodeStart = performance.now();
    const tensor = await toModelTensor(input, model.input);
    const start = performance.now();
    const { output, computeMs } = await compute(session, model, tensor);
    if (holdMs !== undefined) hold(start + holdMs);
    say({
      kind: 'result',
      output,
      decodeMs: start - decodeStart,
      computeMs: holdMs === undefined ? computeMs : performance.now() - start,
    });
  } catch (error) {
    if (error instanceof InvalidInput) say({ kind: 'invalid', violations: error.violations });
    else say({ kind: 'failed', message: (error as Error).message });
  }
}

async function compute(session: InferenceSession, model: SessionModel, { data, shape }: ModelTensor) {
  const tensor = new Tensor(model.input.dtype, data as never, shape);
  const start = performance.now();
  const outputs = await session.run({ [model.input.name]: tensor }, [model.outputName]);
  const computeMs = performance.now() - start;
  // Copy: ONNX Runtime may own the memory, and the message must carry nothing but the answer.
  return { output: Float32Array.from(outputs[model.outputName]!.data as Float32Array), computeMs };
}

/** Sleeps to within a tenth of a ms without burning a core; event-loop timers are ten times coarser. */
function hold(until: number): void {
  const remainingMs = until - performance.now();
  if (remainingMs > 0) Atomics.wait(stillness, 0, 0, remainingMs);
}

function say(message: ThreadMessage): void {
  parentPort!.postMessage(message, message.kind === 'result' ? [message.output.buffer as ArrayBuffer] : []);
}
