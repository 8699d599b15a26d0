import './no-float16-array.ts';
import { InvalidInput } from '@weir/base/errors';
import {
  decodeStrings,
  type ElementType,
  encodeStrings,
  maxTensorBytes,
  type NamedTensorValue,
  type TensorSpec,
} from '@weir/domain';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { typedArrays } from './typed-arrays.ts';

/**
 * One inference of a model of any inputs and outputs. `tensors`: all its inputs, of types and shapes that it takes, each in
 * memory of its own.
 * @throws InvalidInput where the model fails on these inputs or gives more than an answer can hold
 */
export async function runTensors(
  session: InferenceSession,
  declared: readonly TensorSpec[],
  tensors: readonly NamedTensorValue[],
): Promise<{ readonly outputs: readonly NamedTensorValue[]; readonly computeMs: number }> {
  const feeds = Object.fromEntries(tensors.map((tensor) => [tensor.name, toRuntime(tensor)]));
  const names = declared.map(({ name }) => name);
  const start = performance.now();
  // What a caller sends is no error of the runtime: nothing goes to stderr.
  const results = await session.run(feeds, names, { logSeverityLevel: 4 }).catch((cause: unknown) => {
    throw refused(`the model fails on these inputs: ${(cause as Error).message.slice(0, 300)}`, cause);
  });
  const computeMs = performance.now() - start;
  const outputs = names.map((name) => fromRuntime(name, results[name]!));
  const bytes = outputs.reduce((sum, { data }) => sum + data.length, 0);
  if (bytes > maxTensorBytes)
    throw refused(`the model answers with ${bytes} bytes, and at most ${maxTensorBytes} can be sent`);
  return { outputs, computeMs };
}

function toRuntime({ dtype, shape, data }: NamedTensorValue): Tensor {
  if (dtype === 'string') return new Tensor('string', decodeStrings(data), shape);
  const view = new typedArrays[dtype](data.buffer as ArrayBuffer);
  return new Tensor(dtype, view as never, shape);
}

const fromRuntime = (name: string, { type, dims, data }: Tensor): NamedTensorValue => ({
  name,
  dtype: type as ElementType,
  shape: [...dims],
  data: type === 'string' ? encodeStrings(data as string[]) : copyOf(data as Uint8Array<ArrayBuffer>),
});

/** The memory is the runtime's own. */
const copyOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength).slice();

const refused = (description: string, cause?: unknown) =>
  new InvalidInput([{ field: 'tensors', description }], { cause, reason: 'MODEL_REFUSES_INPUT' });
