import { Internal, InvalidInput } from '@weir/base';
import { classifiedElsewhere, modelInput, type Preprocessor } from '@weir/inference';
import { figureOf, fits, inferRequestOf, outputsOf } from '@weir/oip';
import type { NamedTensorValue } from '@weir/domain';
import type { common, inference } from '@weir/proto';
import { bytesOf, type InferenceInput, inWireFields, limits, namedTensorToWire } from '@weir/wire';
import type { ToldTimes } from './model-times.ts';
import type { ServedModel } from './served-model.ts';

/** What a request carries, and how long the device took to make it. */
export interface Prepared {
  readonly tensors: readonly NamedTensorValue[];
  readonly decodeMs: number;
}

/** Rejects with InvalidInput for an input that the variant does not take, a picture that cannot be read among them. */
export async function prepareInput(
  input: InferenceInput,
  { variant, names }: ServedModel,
  preprocessor: Preprocessor,
): Promise<Prepared> {
  try {
    const fitting = modelInput(input, variant);
    if ('tensors' in fitting) return { tensors: fitting.tensors, decodeMs: 0 };
    if (variant.task === 'tensor') throw new Internal(`${variant.name} takes no picture`);
    const { dtype, shape } = variant.input;
    const { tensor, decodeMs } =
      'image' in fitting
        ? await preprocessor.prepare(fitting.image, variant.input)
        : { tensor: fitting.tensor, decodeMs: 0 };
    return { tensors: [{ name: names.inputs[0]!, dtype, shape, data: tensor }], decodeMs };
  } catch (error) {
    throw error instanceof InvalidInput ? inWireFields(error) : error;
  }
}

export const requestOf = (
  { model, names }: ServedModel,
  { tensors }: Prepared,
  id: string,
): inference.ModelInferRequest => inferRequestOf(model, { id, tensors, outputs: names.outputs ?? [] });

/** What an answer says. */
export interface Read {
  readonly classification: common.Classification | undefined;
  readonly outputs?: readonly common.NamedTensor[];
}

/** Throws Internal, naming the node and the variant, for outputs that are not the variant's. */
export function readAnswer(
  response: inference.ModelInferResponse,
  { variant, labels, names }: ServedModel,
  { nodeId, wantOutputs }: { nodeId: string; wantOutputs: boolean },
): Read {
  const given = outputsOf(response);
  const bad = (fault: string) =>
    new Internal(`${nodeId} answered as ${variant.name} ${fault}`, { reason: 'BAD_ANSWER' });
  if (variant.task === 'tensor') {
    const outputs = variant.outputs.map((spec) => {
      const output = given.find(({ name }) => name === spec.name);
      if (!output) throw bad(`without ${spec.name}`);
      if (output.dtype !== spec.dtype || !fits(output.shape, spec.shape))
        throw bad(`with ${output.name} ${output.dtype}[${output.shape.join(', ')}]`);
      return namedTensorToWire(output);
    });
    if (bytesOf(outputs) > limits.tensorBytes) throw bad(`with more than ${limits.tensorBytes} bytes`);
    return { classification: undefined, outputs };
  }
  const wanted = names.outputs?.[0] ?? variant.output.name;
  const output =
    given.find(({ name }) => name === wanted) ??
    (names.outputs === undefined && given.length === 1 ? given[0] : undefined);
  if (!output) throw bad(`without ${wanted}`);
  const { classIndex, label, confidence, margin, outputs } = classifiedElsewhere(variant, output, {
    labels,
    wantOutputs,
  });
  return {
    classification: { classIndex, label, confidence, margin },
    ...(outputs && { outputs: outputs.map(namedTensorToWire) }),
  };
}

/** As Weir's own servers tell them beside their answers. */
export function toldTimes({ parameters }: inference.ModelInferResponse): ToldTimes | undefined {
  const [queueMs, decodeMs, computeMs] = ['weir_queue_ms', 'weir_decode_ms', 'weir_compute_ms'].map((name) =>
    figureOf(parameters, name),
  );
  if (queueMs === undefined || decodeMs === undefined || computeMs === undefined) return undefined;
  return { queueMs, decodeMs, computeMs };
}
