import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { Cancelled, InvalidInput, WeirError } from '@weir/base';
import type { agent } from '@weir/proto';
import { addAbortListener } from 'node:events';
import { bidi, type CallContext, type DuplexStream, toStatus, unary } from '@weir/rpc';
import { checkIds, objectiveFromWire, objectiveToWire } from '@weir/wire';
import type { Admission, Agent } from './agent.ts';

const service = 'weir.agent.v1.DeviceAgent';
type Stream = DuplexStream<agent.StreamInferRequest, agent.StreamInferResponse>;

/** The handlers. `ready`: throws Unavailable until the device's own variants are warm. */
export function deviceAgentService(ready: () => Agent): UntypedServiceImplementation {
  return {
    streamInfer: bidi((stream: Stream, context) => serveFrames(stream, context, ready)),
    infer: unary((request: agent.InferRequest, { deadlineAt, signal, traceContext }) => {
      const trace = request.trace?.traceparent ? request.trace : traceContext;
      return ready().answer({ ...request, trace }, { deadlineAt, signal, rpcMethod: `${service}/Infer` });
    }),
    getStatus: unary((): agent.GetStatusResponse => ready().status()),
    reportTruth: unary((request: agent.ReportTruthRequest) => ready().reportTruth(request)),
    getObjective: unary((): agent.GetObjectiveResponse => ({
      objective: objectiveToWire(ready().objective()),
    })),
    setObjective: unary(({ objective }: agent.SetObjectiveRequest): agent.SetObjectiveResponse => {
      const device = ready();
      const asked = checkIds({}, (violations) => objectiveFromWire(objective, 'objective', violations));
      const { maxLooks, auditShare, ...others } = asked;
      device.setObjective({
        ...others,
        ...(objective?.maxLooks && { maxLooks }),
        ...(objective?.auditShare !== undefined && { auditShare }),
      });
      return { objective: objectiveToWire(device.objective()) };
    }),
  };
}

/** Frames of one application. Ends when it has sent its last frame and all are answered, or when the server drains. */
async function serveFrames(stream: Stream, context: CallContext, ready: () => Agent): Promise<void> {
  const cancels = new Map<string, AbortController>();
  const inWork = new Set<Promise<void>>();

  const begin = (request: agent.InferRequest, device: Agent, admission: Admission) => {
    const { requestId } = request;
    const cancel = new AbortController();
    cancels.set(requestId, cancel);
    const call = {
      deadlineAt: context.deadlineAt,
      signal: cancel.signal,
      rpcMethod: `${service}/StreamInfer`,
      admission,
    };
    const work = tell(requestId, device.answer(request, call)).then(() => {
      cancels.delete(requestId);
      inWork.delete(work);
    });
    inWork.add(work);
  };

  /** Never rejects: a caller that has left gets no answer. */
  const tell = async (requestId: string, answer: Promise<agent.InferResponse>): Promise<void> => {
    try {
      await stream.send({ message: { $case: 'result', value: await answer } });
    } catch (error) {
      await refuse(stream, requestId, error).catch(() => {});
    }
  };

  /** Why a frame is refused. */
  const obstacle = ({ requestId }: agent.InferRequest): WeirError | undefined => {
    if (context.draining.aborted) return context.draining.reason as WeirError;
    if (cancels.has(requestId))
      return new InvalidInput([{ field: 'request_id', description: `${requestId} is in flight already` }]);
    return undefined;
  };

  /** Answers that the caller has not read still count. */
  const answersRead = async ({ maxInFlight }: Agent) => {
    while (inWork.size >= maxInFlight) await Promise.race(inWork);
  };
  const ended = new AbortController();
  /** Nothing more is read until this frame has its place, or no time left: HTTP/2 then holds the caller back. */
  const admit = async (device: Agent, request: agent.InferRequest): Promise<Admission> => {
    const { deadlineAt } = context;
    const after = inWork.size >= device.maxInFlight ? answersRead(device) : undefined;
    const admission = await device.admitWhenFree(request, { deadlineAt, signal: ended.signal, after });
    if (!ended.signal.aborted) return admission;
    // The caller left, or the agent began to stop, as it was let in.
    admission.leave();
    throw ended.signal.reason;
  };

  const receive = async ({ message }: agent.StreamInferRequest) => {
    if (message?.$case === 'infer') {
      const device = ready();
      try {
        const error = obstacle(message.value);
        if (error) throw error;
        // Most frames find room, and need not wait to be told.
        const isFree = inWork.size < device.maxInFlight && !ended.signal.aborted;
        const admission = isFree ? device.admitIfFree() : undefined;
        begin(message.value, device, admission ?? (await admit(device, message.value)));
      } catch (error) {
        if (error instanceof WeirError) device.refused(error);
        await refuse(stream, message.value.requestId, error);
      }
    } else if (message?.$case === 'cancel')
      cancels.get(message.value.requestId)?.abort(new Cancelled('cancelled by the caller'));
    else
      await refuse(
        stream,
        '',
        new InvalidInput([{ field: 'message', description: 'expected infer or cancel' }]),
      );
  };

  const leave = () => {
    ended.abort(context.signal.reason);
    for (const cancel of cancels.values()) cancel.abort(context.signal.reason);
  };
  context.signal.addEventListener('abort', leave, { once: true });
  const draining = Promise.withResolvers<void>();
  // The drain signal outlives the call: remove the listener with it.
  using _listener = addAbortListener(context.draining, () => {
    ended.abort(context.draining.reason);
    draining.resolve();
  });
  let allSaid = false;
  const reading = (async () => {
    for await (const message of stream) await receive(message);
    allSaid = true;
  })();
  await Promise.race([reading, draining.promise]);
  while (inWork.size > 0) await Promise.all(inWork);
  if (!allSaid) throw context.draining.reason as WeirError;
}

/** Waits for a caller that does not read, so that refusals cannot pile up. */
const refuse = (stream: Stream, requestId: string, error: unknown): Promise<void> =>
  stream.send({ message: { $case: 'failure', value: { requestId, status: toStatus(error) } } });
