import { type FieldViolation, InvalidInput } from '@weir/base';
import type { InferenceInput, Load, VariantEntry } from '@weir/inference';
import { common, type worker } from '@weir/proto';
import type { VariantFigures } from './calibration.ts';

export const maxIdLength = 128;
export const maxImageBytes = 4 * 1024 * 1024;
export const maxPingBytes = 256 * 1024;

const { DataType, Tier } = common;

export const tierToWire = (tier: 'edge' | 'cloud'): common.Tier => (tier === 'edge' ? Tier.EDGE : Tier.CLOUD);

/** An inference as asked for; what only the model can tell is checked where the model is. */
export interface InferWork {
  readonly variant: string;
  readonly input: InferenceInput;
  /** ms; Infinity when the request names none. */
  readonly timeoutMs: number;
}

/** Throws InvalidInput, naming every fault that can be told without decoding. */
export function readInferRequest(request: worker.InferRequest): InferWork {
  const violations: FieldViolation[] = [];
  const fault = (field: string, description: string) => violations.push({ field, description });
  const { requestId, variant, timeoutMs } = request;
  if (!isUsableId(requestId)) fault('request_id', `expected 1..${maxIdLength} characters`);
  if (variant === '') fault('variant', 'missing');
  if (!(timeoutMs >= 0 && timeoutMs < Infinity)) fault('timeout_ms', 'expected ms >= 0');
  const input = readInput(request.input, fault);
  if (violations.length > 0 || !input) throw new InvalidInput(violations);
  return { variant, input, timeoutMs: timeoutMs === 0 ? Infinity : timeoutMs };
}

export const isUsableId = (requestId: string): boolean =>
  requestId.length > 0 && requestId.length <= maxIdLength;

/** Throws InvalidInput. */
export function checkPing({ payload }: worker.Ping): void {
  if (payload.length > maxPingBytes)
    throw new InvalidInput([
      { field: 'ping.payload', description: `expected at most ${maxPingBytes} bytes` },
    ]);
}

/** The runner names the fields of its own input; a caller knows those of the message. */
export function inWireFields({ violations, reason }: InvalidInput): InvalidInput {
  const names: Readonly<Record<string, string>> = {
    image: 'input.encoded_image',
    'tensor.shape': 'input.tensor.shape',
    'tensor.datatype': 'input.tensor.data_type',
    'tensor.data': 'input.tensor.data',
  };
  return new InvalidInput(
    violations.map(({ field, description }) => ({ field: names[field] ?? field, description })),
    { reason },
  );
}

export interface NodeIdentity {
  readonly nodeId: string;
  readonly tier: common.Tier;
}

export function loadToWire(
  { nodeId, tier }: NodeIdentity,
  load: Load,
  { figures, draining }: { figures: readonly VariantFigures[]; draining: boolean },
): common.NodeLoad {
  return {
    nodeId,
    tier,
    // None is left when all threads have died for good; the word on the wire is >= 1.
    slots: Math.max(1, load.slots),
    inService: load.inService,
    queued: load.queued,
    backlogMs: load.backlogMs,
    meanBacklogMs: load.meanBacklogMs,
    congestionPerMs: load.congestionPerMs,
    utilization: Math.min(1, load.utilization),
    services: figures.map(({ variant, serviceMs, energyJ }) => ({ variant, serviceMs, energyJ })),
    draining,
  };
}

export function variantToWire(entry: VariantEntry, figures: VariantFigures | undefined): worker.VariantInfo {
  return {
    name: entry.name,
    architecture: entry.architecture,
    width: entry.width ?? 0,
    precision: entry.precision,
    macs: entry.macs ?? 0,
    accuracy: entry.accuracy.top1,
    inputShape: entry.input.shape.slice(1),
    inputLayout: entry.input.layout,
    inputType: entry.input.dtype === 'uint8' ? DataType.UINT8 : DataType.FLOAT32,
    serviceMs: figures?.serviceMs ?? 0,
    energyJ: figures?.energyJ ?? 0,
  };
}

type Fault = (field: string, description: string) => void;

function readInput(input: common.Input | undefined, fault: Fault): InferenceInput | undefined {
  const { content } = input ?? {};
  switch (content?.$case) {
    case 'encodedImage':
      if (content.value.length === 0) fault('input.encoded_image', 'empty');
      if (content.value.length > maxImageBytes)
        fault('input.encoded_image', `expected at most ${maxImageBytes} bytes, got ${content.value.length}`);
      return { image: content.value };
    case 'tensor':
      return readTensor(content.value, fault);
    default:
      fault('input', 'missing: give encoded_image or tensor');
      return undefined;
  }
}

function readTensor({ shape, dataType, data }: common.Tensor, fault: Fault): InferenceInput | undefined {
  const isFloat = dataType === DataType.FLOAT32;
  if (!isFloat && dataType !== DataType.UINT8) {
    fault('input.tensor.data_type', 'expected UINT8 or FLOAT32');
    return undefined;
  }
  if (shape.length === 0 || shape.length > 8 || shape.includes(0) || shape[0] !== 1) {
    fault('input.tensor.shape', 'expected 1..8 dimensions > 0, the first being 1');
    return undefined;
  }
  const bytes = shape.reduce((product, dimension) => product * dimension, isFloat ? 4 : 1);
  if (data.length !== bytes) {
    fault('input.tensor.data', `expected ${bytes} bytes for this shape, got ${data.length}`);
    return undefined;
  }
  return { tensor: data, shape, dtype: isFloat ? 'float32' : 'uint8' };
}
