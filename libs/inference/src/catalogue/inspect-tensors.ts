import { type FieldViolation, InvalidInput } from '@weir/base';
import { elementBytes, type ElementType, elementTypes, maxTensorBytes, type TensorSpec } from '@weir/domain';
import type { InferenceSession } from 'onnxruntime-node';
import { openModel } from './inspect-model.ts';
import type { TensorModel } from './manifest.ts';
import { exampleShape, fits, type TensorInputSpec } from './tensor-variant.ts';

type Metadata = InferenceSession.ValueMetadata;
type Inputs = TensorModel['inputs'];

/**
 * Reads the inputs and outputs of a model that is no classifier. `shapes`: of a typical input, by its name, where the model
 * leaves more than the batch open.
 * @throws InvalidInput for a model that cannot be served, with the reasons, and for all shapes that are missing or do not fit
 */
export async function inspectTensors(
  path: string,
  shapes: ReadonlyMap<string, readonly number[]> = new Map(),
): Promise<Pick<TensorModel, 'inputs' | 'outputs'>> {
  const session = await openModel(path);
  const { inputMetadata, outputMetadata } = session;
  await session.release();
  const faults: FieldViolation[] = [];
  const specsOf = (metadata: readonly Metadata[], what: string) =>
    metadata.flatMap((each) => specOf(each, what, faults) ?? []);
  const inputs = specsOf(inputMetadata, 'model input').map((spec) =>
    withExample(spec, shapes.get(spec.name), faults),
  );
  const outputs = specsOf(outputMetadata, 'model output');
  for (const name of shapes.keys())
    if (!inputMetadata.some((input) => input.name === name))
      faults.push({
        field: 'shape',
        description: `there is no input ${name}; there are ${inputMetadata.map((input) => input.name).join(', ')}`,
      });
  const bytes = inputs.reduce((sum, input) => sum + bytesOf(input), 0);
  if (bytes > maxTensorBytes)
    faults.push({
      field: 'model input',
      description: `is ${bytes} bytes, and at most ${maxTensorBytes} can be sent: give a smaller shape`,
    });
  if (faults.length > 0) throw new InvalidInput(faults, { reason: 'MODEL_CANNOT_BE_SERVED' });
  return { inputs, outputs };
}

const isElementType = (type: string): type is ElementType =>
  (elementTypes as readonly string[]).includes(type);

function specOf(
  metadata: Metadata,
  what: string,
  faults: FieldViolation[],
): (TensorSpec & { shape: number[] }) | undefined {
  const { name } = metadata;
  const fault = (description: string) => void faults.push({ field: `${what} ${name}`, description });
  if (!metadata.isTensor) return fault('is no tensor');
  const { type, shape } = metadata;
  if (!isElementType(type)) return fault(`is of ${type}; served are ${elementTypes.join(', ')}`);
  if (shape.length > 8) return fault(`has ${shape.length} dimensions; at most 8 are served`);
  return {
    name,
    dtype: type,
    shape: shape.map((size) => (typeof size === 'number' && size >= 0 ? size : -1)),
  };
}

function withExample(
  spec: TensorSpec & { shape: number[] },
  given: readonly number[] | undefined,
  faults: FieldViolation[],
): Inputs[number] {
  const { name, shape } = spec;
  const declared = `${name} [${shape.join(', ')}]`;
  if (given && !fits(given, shape))
    faults.push({ field: 'shape', description: `[${given.join(', ')}] is none of ${declared}` });
  if (!given && shape.slice(1).includes(-1))
    faults.push({
      field: 'shape',
      description: `the model leaves ${declared} open: give a typical one, e.g. ${name}=${shape.map((size) => (size === -1 ? 1 : size)).join('x')}`,
    });
  return given ? { ...spec, example: [...given] } : spec;
}

const bytesOf = (input: TensorInputSpec) =>
  exampleShape(input).reduce((product, size) => product * size, elementBytes[input.dtype]);
