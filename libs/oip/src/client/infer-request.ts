import type { NamedTensorValue } from '@weir/domain';
import type { inference } from '@weir/proto';
import { datatypeOf } from '../datatypes.ts';

/** A model by the name that its server gives it. */
export interface RemoteModel {
  readonly name: string;
  /** Empty: the server chooses. */
  readonly version: string;
}

/** `outputs`: names of those that are asked for; none: all. */
export function inferRequestOf(
  { name, version }: RemoteModel,
  { id, tensors, outputs }: { id: string; tensors: readonly NamedTensorValue[]; outputs: readonly string[] },
): inference.ModelInferRequest {
  return {
    modelName: name,
    modelVersion: version,
    id,
    parameters: {},
    inputs: tensors.map((tensor) => ({
      name: tensor.name,
      datatype: datatypeOf(tensor.dtype),
      shape: tensor.shape.map(BigInt),
      parameters: {},
      contents: undefined,
    })),
    outputs: outputs.map((output) => ({ name: output, parameters: {} })),
    rawInputContents: tensors.map(({ data }) => asBuffer(data)),
  };
}

const asBuffer = (data: Uint8Array): Buffer =>
  Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
