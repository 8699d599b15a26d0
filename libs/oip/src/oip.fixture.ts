import { inference } from '@weir/proto';
import type { OipModel } from './model.ts';

/** Two labels' worth of a 3 × 2 × 2 picture. */
export const classifier: OipModel = {
  name: 'small',
  platform: 'onnxruntime_onnx',
  inputs: [{ name: 'pixels', dtype: 'float32', shape: [1, 3, 2, 2] }],
  outputs: [{ name: 'logits', dtype: 'float32', shape: [1, 2] }],
  labels: ['shoe', 'shirt'],
  layout: 'NCHW',
  instances: 2,
  parameters: { accuracy: '0.9' },
};

/** No classifier: two inputs, one of any length, and two outputs. */
export const detector: OipModel = {
  name: 'detector',
  platform: 'onnxruntime_onnx',
  inputs: [
    { name: 'image', dtype: 'uint8', shape: [-1, 3] },
    { name: 'threshold', dtype: 'float32', shape: [] },
  ],
  outputs: [
    { name: 'boxes', dtype: 'float32', shape: [-1, 4] },
    { name: 'names', dtype: 'string', shape: [-1] },
  ],
  instances: 1,
  parameters: {},
};

export const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
export const pixels = floats(...Array.from({ length: 12 }, (_, at) => at));

type Request = inference.ModelInferRequest;
type Input = inference.ModelInferRequest_InferInputTensor;

export const input = (fields: Partial<Input> = {}): Input => ({
  name: 'pixels',
  datatype: 'FP32',
  shape: [1n, 3n, 2n, 2n],
  parameters: {},
  contents: undefined,
  ...fields,
});

/** A valid request to `classifier`, but for the fields given. */
export const request = (fields: Partial<Request> = {}): Request =>
  inference.ModelInferRequest.create({
    modelName: 'small',
    id: 'r1',
    inputs: [input()],
    rawInputContents: [pixels],
    ...fields,
  });

export const contents = (fields: Partial<inference.InferTensorContents>): inference.InferTensorContents =>
  inference.InferTensorContents.create(fields);

export const text = (value: string): inference.InferParameter => ({
  parameterChoice: { $case: 'stringParam', value },
});
export const whole = (value: number): inference.InferParameter => ({
  parameterChoice: { $case: 'int64Param', value: BigInt(value) },
});
