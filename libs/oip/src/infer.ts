import { type Clock, Unavailable, Violations } from '@weir/base';
import type { inference } from '@weir/proto';
import type { CallContext } from '@weir/rpc';
import { isUsableId } from '@weir/wire';
import { randomUUID } from 'node:crypto';
import { askedOutputs, responseOf } from './answer.ts';
import type { OipBackend } from './backend.ts';
import { weirInputs } from './input.ts';
import { tensorsOf } from './inputs.ts';
import { modelNamed } from './model.ts';
import { wishesOf } from './parameters.ts';
import type { ModelStatistics } from './statistics.ts';

export interface InferOptions {
  readonly backend: OipBackend;
  readonly statisticsOf: (model: string) => ModelStatistics;
  readonly clock: Clock;
}

type Bounds = Pick<CallContext, 'deadlineAt' | 'signal' | 'caller' | 'traceContext'> & {
  readonly streamed: boolean;
};

/** One inference, counted once its model is known. Throws WeirErrors. */
export async function infer(
  request: inference.ModelInferRequest,
  { deadlineAt, signal, caller, traceContext, streamed }: Bounds,
  { backend, statisticsOf, clock }: InferOptions,
): Promise<inference.ModelInferResponse> {
  const arrivedAt = clock.now();
  const { id, modelName, modelVersion } = request;
  const model = modelNamed(backend.models(), modelName, modelVersion);
  const statistics = statisticsOf(model.name);
  try {
    if (model.obstacle !== undefined)
      throw new Unavailable(`model '${model.name}' is not ready: ${model.obstacle}`, {
        reason: 'MODEL_NOT_READY',
      });
    const violations = new Violations();
    const { timeoutMs, accuracyFloor, tellFinal } = wishesOf(request.parameters, violations);
    const asked = askedOutputs(request, model, violations);
    violations.throwIfAny();
    const inputs = weirInputs(model, tensorsOf(request));
    const call = { arrivedAt, deadlineAt, caller: caller.id, trace: traceContext, mayWait: streamed };
    const runs = await allOrNone(signal, (stop) =>
      inputs.map((input, at) => {
        const requestId = idOf(id, at);
        const work = { model, requestId, input, timeoutMs, accuracyFloor };
        return backend.infer(work, { ...call, signal: stop });
      }),
    );
    const response = responseOf(runs, { id, model, asked, final: tellFinal });
    statistics.answered({ arrivedAt, tookMs: clock.now() - arrivedAt, runs });
    return response;
  } catch (error) {
    statistics.failed(arrivedAt, clock.now() - arrivedAt);
    throw error;
  }
}

/** The request's own id is that of its first inference, so that its truth can be reported by it. */
function idOf(id: string, member: number): string {
  const own = member === 0 ? id : `${id}/${member}`;
  return id !== '' && isUsableId(own) ? own : randomUUID();
}

/** One failure cancels the others. */
async function allOrNone<T>(
  signal: AbortSignal,
  begin: (stop: AbortSignal) => readonly Promise<T>[],
): Promise<readonly T[]> {
  const stop = new AbortController();
  const works = begin(AbortSignal.any([signal, stop.signal]));
  try {
    return await Promise.all(works);
  } catch (error) {
    stop.abort(error);
    throw error;
  }
}
