import '../serving/no-runtime-telemetry.ts';
import { type FieldViolation, InvalidInput, NotFound } from '@weir/base';
import type { InferenceSession } from 'onnxruntime-node';
import { access } from 'node:fs/promises';
import type { InputSpec } from './manifest.ts';

/** What a model file does not state, or states ambiguously. */
export interface ModelHints {
  /** Where the channels are; needed when the shape is ambiguous. */
  readonly layout?: 'NCHW' | 'NHWC' | undefined;
  /** Needed when the model's sides are dynamic. */
  readonly height?: number | undefined;
  readonly width?: number | undefined;
  /** @default RGB, or GRAY for one channel */
  readonly colourOrder?: 'RGB' | 'BGR' | undefined;
  /** One for all channels or one each, on the scale of bytes; needed for float32 inputs. */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  /** Needed when the model has several outputs. */
  readonly output?: string | undefined;
}

/** The interface of a servable model. */
export interface ModelInterface {
  readonly input: InputSpec;
  readonly outputName: string;
  /** As declared; undefined when dynamic. */
  readonly classes?: number | undefined;
}

type Metadata = InferenceSession.ValueMetadata;
type TensorMetadata = InferenceSession.TensorValueMetadata;

/**
 * Reads a model's input and output and completes them with hints.
 * @throws InvalidInput for a model that cannot be served, with the reason, and for all missing hints
 */
export async function inspectModel(path: string, hints: ModelHints = {}): Promise<ModelInterface> {
  const { inputMetadata, outputMetadata } = await openModel(path);
  const faults: FieldViolation[] = [];
  const input = readInput(inputMetadata, hints, faults);
  const output = readOutput(outputMetadata, hints, faults);
  if (faults.length > 0 || !input || !output)
    throw new InvalidInput(faults, { reason: 'MODEL_CANNOT_BE_SERVED' });
  const classes = output.shape.at(-1);
  return { input, outputName: output.name, classes: typeof classes === 'number' ? classes : undefined };
}

/** @throws NotFound, InvalidInput for a file that is no model or needs what this runtime lacks */
export async function openModel(path: string) {
  await access(path).catch((cause: unknown) => {
    throw new NotFound(`there is no model at ${path}`, { cause });
  });
  // Only here: it is large, and most who load a family inspect no model.
  const runtime = await import('onnxruntime-node');
  try {
    const session = await runtime.InferenceSession.create(path, {
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    const { inputMetadata, outputMetadata } = session;
    await session.release();
    return { inputMetadata, outputMetadata };
  } catch (cause) {
    const message = (cause as Error).message;
    const operator =
      /(\S+) is not a registered function\/op|No [Oo]p registered for (\S+)|implementation for (\S+)/.exec(
        message,
      );
    const name = operator?.slice(1).find(Boolean);
    throw new InvalidInput(
      [
        {
          field: 'model',
          description: name
            ? `needs the operator ${name}, which this ONNX Runtime does not have`
            : `is not a model that ONNX Runtime can load: ${message}`,
        },
      ],
      { reason: 'MODEL_CANNOT_BE_SERVED', cause },
    );
  }
}

function readInput(metadata: readonly Metadata[], hints: ModelHints, faults: FieldViolation[]) {
  const fault = (description: string, field = 'model input') => void faults.push({ field, description });
  const [image] = metadata;
  if (metadata.length !== 1 || !image?.isTensor)
    return fault(
      `must be one picture; the model takes ${metadata.length}: ${metadata.map(({ name }) => name).join(', ')}`,
    );
  const { name, shape, type: dtype } = image;
  if (shape.length !== 4)
    return fault(`must have 4 dimensions (a batch of pictures); it is [${shape.join(', ')}]`);
  if (dtype !== 'float32' && dtype !== 'uint8') return fault(`must be float32 or uint8; it is ${dtype}`);
  const batch = shape[0]!;
  if (typeof batch === 'number' && batch !== 1)
    fault(`must allow a batch of 1; its batch is fixed at ${batch}`);
  const layout = hints.layout ?? layoutOf(shape);
  if (!layout)
    return fault(
      `the shape [${shape.join(', ')}] leaves open where the channels are: give NCHW or NHWC`,
      'layout',
    );
  const [channelAxis, heightAxis, widthAxis] = layout === 'NCHW' ? [1, 2, 3] : [3, 1, 2];
  const channels = shape[channelAxis];
  if (channels !== 1 && channels !== 3)
    return fault(`must have 1 or 3 channels; it has ${channels ?? 'none'}`);
  const side = (axis: number, field: 'height' | 'width') => {
    const size = typeof shape[axis] === 'number' ? shape[axis] : hints[field];
    if (size === undefined) fault('is left open by the model: give it in px', field);
    return size ?? 0;
  };
  const [height, width] = [side(heightAxis, 'height'), side(widthAxis, 'width')];
  const scale = (field: 'mean' | 'std', ofBytes: number) => {
    const given = dtype === 'uint8' ? [ofBytes] : hints[field];
    if (given?.length === 1 || given?.length === channels) return [...given];
    fault(
      `must be given for float32 pictures, on the scale of bytes 0..255: 1 or ${channels} numbers`,
      field,
    );
    return [];
  };
  const spec: InputSpec = {
    name,
    layout,
    shape: layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels],
    dynamicBatch: typeof batch !== 'number',
    dtype,
    colourOrder: channels === 1 ? 'GRAY' : (hints.colourOrder ?? 'RGB'),
    mean: scale('mean', 0),
    std: scale('std', 1),
  };
  return spec;
}

function layoutOf(shape: readonly (number | string)[]): 'NCHW' | 'NHWC' | undefined {
  const first = shape[1] === 1 || shape[1] === 3;
  const last = shape[3] === 1 || shape[3] === 3;
  return first === last ? undefined : first ? 'NCHW' : 'NHWC';
}

function readOutput(metadata: readonly Metadata[], hints: ModelHints, faults: FieldViolation[]) {
  const names = metadata.map(({ name }) => name).join(', ');
  const fault = (description: string, field = 'model output') => void faults.push({ field, description });
  const output = hints.output ? metadata.find(({ name }) => name === hints.output) : metadata[0];
  if (hints.output && !output) return fault(`there is none of this name; there are ${names}`, 'output');
  if (!hints.output && metadata.length > 1)
    return fault(`the model has several: give one of ${names}`, 'output');
  if (!output?.isTensor || output.type !== 'float32' || !isClasses(output))
    return fault('must be float32 [batch, classes], logits or probabilities');
  return output;
}

const isClasses = ({ shape }: TensorMetadata) => shape.length === 2 && shape[1] !== 1;
