import { Internal } from '@weir/base';
import { dataFault, type NamedTensorValue } from '@weir/domain';
import type { inference } from '@weir/proto';
import { limits } from '@weir/wire';
import { bytesOfContents } from '../contents.ts';
import { datatypes, isDatatype } from '../datatypes.ts';

/**
 * The outputs that a server has answered with, raw or typed. Throws Internal (reason BAD_ANSWER), naming the model and the
 * output, for what is no tensor of a type that Weir knows: whatever a server sends is a claim.
 */
export function outputsOf({
  modelName,
  outputs,
  rawOutputContents: raw,
}: inference.ModelInferResponse): readonly NamedTensorValue[] {
  const model = modelName.slice(0, limits.nameLength);
  const bad = (fault: string) =>
    new Internal(`model '${model}' answered with ${fault}`, { reason: 'BAD_ANSWER' });
  if (outputs.length === 0) throw bad('no output');
  if (outputs.length > limits.tensors) throw bad(`${outputs.length} outputs`);
  if (raw.length > 0 && raw.length !== outputs.length)
    throw bad(`${raw.length} raw contents for ${outputs.length} outputs`);
  return outputs.map((output, at) => {
    const tensor = tensorOf(output, raw[at]);
    if ('fault' in tensor)
      throw bad(`output '${output.name.slice(0, limits.nameLength)}' that is none: ${tensor.fault}`);
    return tensor;
  });
}

function tensorOf(
  { name, datatype, shape: dimensions, contents }: inference.ModelInferResponse_InferOutputTensor,
  raw: Uint8Array | undefined,
): NamedTensorValue | { readonly fault: string } {
  if (name.length > limits.nameLength) return { fault: `its name has ${name.length} characters` };
  if (!isDatatype(datatype)) return { fault: `its type is '${datatype.slice(0, 32)}'` };
  const shape = dimensions.map(Number);
  const { tensorDimensions, tensorBytes } = limits;
  if (shape.length > tensorDimensions || shape.some((size) => size < 0 || size > tensorBytes))
    return { fault: `its shape is [${shape.slice(0, 16).join(',')}]` };
  const data = raw ?? (contents && bytesOfContents(contents, datatype));
  if (!data) return { fault: 'it has no contents' };
  if ('fault' in data) return data;
  const { dtype } = datatypes[datatype];
  const tensor = { name, dtype, shape, data };
  const fault = dataFault(tensor);
  return fault === undefined ? tensor : { fault };
}

/** A number among the parameters of an answer, however it is put; undefined where there is none, or it is negative. */
export function figureOf(
  parameters: inference.ModelInferResponse['parameters'],
  name: string,
): number | undefined {
  const value = parameters[name]?.parameterChoice?.value;
  const figure = value === undefined || value === '' ? NaN : Number(value);
  return figure >= 0 && figure <= limits.ms ? figure : undefined;
}
