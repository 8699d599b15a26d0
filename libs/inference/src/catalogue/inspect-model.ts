import '../serving/no-runtime-telemetry.ts';
import { type FieldViolation, InvalidInput, NotFound } from '@weir/base';
import type { InferenceSession } from 'onnxruntime-node';
import { access, readFile } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import { type Probed, probeModel } from './import/probe-model.ts';
import type { InputSpec } from './manifest.ts';
import { type OnnxFile, readOnnx } from './onnx-file.ts';
import { type Quantisation, tailOf } from './onnx-tail.ts';

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
  /** Of an output of whole numbers, where the model does not state it. */
  readonly outputScale?: number | undefined;
  /** @default 0, with `outputScale` */
  readonly outputZeroPoint?: number | undefined;
}

/** A servable model. */
export interface ModelInterface extends Pick<OnnxFile, 'opset' | 'parameters' | 'externalData'> {
  readonly input: InputSpec;
  readonly outputName: string;
  /** Numbers that it truly answers for a picture. */
  readonly classes: number;
  readonly quantisation?: Quantisation | undefined;
  /** Its graph ends in a softmax. */
  readonly softmax: boolean;
  /** Hints that the model has no use for, and what it cannot do; a sentence each. */
  readonly told: readonly string[];
}

type Metadata = InferenceSession.ValueMetadata;

/**
 * Reads a model's input and output, completes them with hints, and runs it on pictures of noise: what it answers decides.
 * @throws NotFound, InvalidInput for a model that cannot be served, with the reason, and for all missing hints
 */
export async function inspectModel(path: string, hints: ModelHints = {}): Promise<ModelInterface> {
  const session = await openModel(path);
  try {
    const faults: FieldViolation[] = [];
    const { graph, ...file } = await readGraph(path);
    for (const name of file.externalData)
      if (isAbsolute(name) || normalize(name).startsWith('..'))
        faults.push({
          field: 'model',
          description: `keeps weights in ${name}: they must lie in its own folder`,
        });
    const input = readInput(session.inputMetadata, hints, faults);
    const output = readOutput(session.outputMetadata, hints, faults);
    const tail = output && tailOf(graph, output.name);
    const quantisation = output && quantisationOf(output.type, { told: tail?.quantisation, hints, faults });
    let probed: Probed | undefined;
    if (faults.length === 0 && input && output)
      probed = await probeModel(session, { input, outputName: output.name, quantisation }, faults);
    if (!probed || !input || !output || faults.length > 0)
      throw new InvalidInput(faults, { reason: 'MODEL_CANNOT_BE_SERVED' });
    const { length: classes, takesBatches } = probed;
    return {
      ...file,
      input: { ...input, dynamicBatch: takesBatches },
      outputName: output.name,
      classes,
      quantisation,
      softmax: tail?.softmax ?? false,
      told: toldOf(input, hints, takesBatches),
    };
  } finally {
    await session.release();
  }
}

/** What the runtime loads may be of another format than ONNX. */
async function readGraph(path: string): Promise<OnnxFile> {
  try {
    return readOnnx(await readFile(path));
  } catch (cause) {
    throw new InvalidInput(
      [{ field: 'model', description: `is no ONNX file: ${(cause as Error).message}` }],
      { reason: 'MODEL_CANNOT_BE_SERVED', cause },
    );
  }
}

function toldOf(input: InputSpec, { mean, std }: ModelHints, takesBatches: boolean): readonly string[] {
  const told: string[] = [];
  if (input.dtype === 'uint8' && (mean ?? std)) told.push('mean and std are not used: the model takes bytes');
  if (input.dtype === 'float32' && input.std.every((value) => Math.abs(value) < 1))
    told.push(
      `a std of ${input.std.join(', ')} is for pixels of 0..1; here they are bytes: multiply mean and std by 255`,
    );
  if (input.dynamicBatch && !takesBatches)
    told.push('serves one picture at a time: it answers two in a batch otherwise than one by one');
  return told;
}

/** @throws NotFound, InvalidInput for a file that is no model or needs what this runtime lacks */
export async function openModel(path: string): Promise<InferenceSession> {
  await access(path).catch((cause: unknown) => {
    throw new NotFound(`there is no model at ${path}`, { cause });
  });
  // Only here: it is large, and most who load a family inspect no model.
  const runtime = await import('onnxruntime-node');
  try {
    return await runtime.InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 4 });
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
  if (typeof batch === 'number' && batch > 1)
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
    const declared = shape[axis];
    const size = typeof declared === 'number' && declared > 0 ? declared : hints[field];
    if (size === undefined) fault('is left open by the model: give it in px', field);
    return size ?? 0;
  };
  const [height, width] = [side(heightAxis, 'height'), side(widthAxis, 'width')];
  const scale = (field: 'mean' | 'std', ofBytes: number) => {
    const given = dtype === 'uint8' ? [ofBytes] : hints[field];
    if (field === 'std' && given?.includes(0)) fault('must not be 0: pixels are divided by it', field);
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
    dynamicBatch: typeof batch !== 'number' || batch < 1,
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
  if (!output?.isTensor || !outputTypes.has(output.type))
    return fault(
      `must be a number for each class, logits or probabilities (float32, float16, float64, uint8, int8); it is ${output?.isTensor ? output.type : 'no tensor'}`,
    );
  return output;
}

const wholeTypes = new Set(['uint8', 'int8']);
const outputTypes = new Set(['float32', 'float16', 'float64', ...wholeTypes]);

/** Hints come before what the graph states. */
function quantisationOf(
  type: string,
  {
    told,
    hints: { outputScale, outputZeroPoint },
    faults,
  }: { told: Quantisation | undefined; hints: ModelHints; faults: FieldViolation[] },
): Quantisation | undefined {
  if (!wholeTypes.has(type)) return undefined;
  if (outputScale !== undefined) return { scale: outputScale, zeroPoint: outputZeroPoint ?? 0 };
  if (told && told.scale > 0) return { ...told, zeroPoint: outputZeroPoint ?? told.zeroPoint };
  faults.push({
    field: 'output-scale',
    description: `the output is ${type} and the model does not state its scale: give it, with its zero point`,
  });
  return undefined;
}
