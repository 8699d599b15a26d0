import { Violations } from '@weir/base';
import type { agent, common, worker } from '@weir/proto';
import { checkInput, type InferenceInput, inputFromWire } from './input.ts';
import { limits } from './limits.ts';

/** Throws InvalidInput, naming every fault of one frame that can be told without decoding it. */
export function checkInferRequest({ requestId, input, timeoutMs }: agent.InferRequest): common.Input {
  const violations = new Violations();
  violations.id(requestId, 'request_id');
  violations.number(timeoutMs, 'timeout_ms', { max: limits.ms });
  checkInput(input, 'input', violations);
  violations.throwIfAny();
  return input!;
}

/** An inference as a worker is asked for it. */
export interface InferenceWork {
  readonly variant: string;
  readonly input: InferenceInput;
  /** ms; Infinity when the request names none. */
  readonly timeoutMs: number;
  /** Nobody waits for the answer. */
  readonly background: boolean;
  /** The outputs of a classifier are asked for too. */
  readonly wantOutputs: boolean;
}

/** Throws InvalidInput, naming every fault that can be told without decoding. */
export function inferenceFromWire(request: worker.InferRequest): InferenceWork {
  const violations = new Violations();
  const { requestId, variant, timeoutMs, input, background, wantOutputs } = request;
  violations.id(requestId, 'request_id');
  violations.id(variant, 'variant');
  violations.number(timeoutMs, 'timeout_ms', { max: limits.ms });
  checkInput(input, 'input', violations);
  violations.throwIfAny();
  return {
    variant,
    input: inputFromWire(input!),
    timeoutMs: timeoutMs === 0 ? Infinity : timeoutMs,
    background,
    wantOutputs,
  };
}

/** Whether an answer can be given under this id. */
export const isUsableId = (requestId: string): boolean => new Violations().id(requestId, 'request_id');

/** Throws InvalidInput. */
export function checkPing({ payload }: worker.Ping): void {
  const violations = new Violations();
  const atMost = `expected at most ${limits.pingBytes} bytes`;
  violations.check(payload.length <= limits.pingBytes, 'ping.payload', atMost);
  violations.throwIfAny();
}
