import { type FieldViolation, seededRandom } from '@weir/base';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { pixelsInput } from '../labelled-pictures.ts';
import type { InputSpec } from '../manifest.ts';
import type { Quantisation } from '../onnx-tail.ts';
import { toFloats } from '../../serving/output-floats.ts';
import { sideLengths } from '../../serving/pixels.ts';

/** What a model answers in truth, whatever its file declares. */
export interface Probed {
  /** Numbers in the output for one picture. */
  readonly length: number;
  /** It answers pictures in a batch as one by one. */
  readonly takesBatches: boolean;
}

/** As large as rounding, or quantisation over a batch, makes the difference; a mean over the batch is far beyond. */
const TOLERANCE = 0.1;

/** Runs a model on two pictures of noise, one by one and, where the batch is open, together. Adds to `faults`. */
export async function probeModel(
  session: InferenceSession,
  {
    input,
    outputName,
    quantisation,
  }: { input: InputSpec; outputName: string; quantisation?: Quantisation | undefined },
  faults: FieldViolation[],
): Promise<Probed | undefined> {
  // Loaded by now.
  const { Tensor: TensorClass } = await import('onnxruntime-node');
  const run = async (...pictures: readonly Uint8Array[]) => {
    const { dtype, shape } = input;
    const bytes = Buffer.concat(pictures);
    const data = dtype === 'uint8' ? new Uint8Array(bytes) : new Float32Array(new Uint8Array(bytes).buffer);
    const tensor: Tensor = new TensorClass(dtype, data as never, [pictures.length, ...shape.slice(1)]);
    const outputs = await session.run({ [input.name]: tensor }, [outputName]);
    return toFloats(outputs[outputName]!, quantisation);
  };
  const [dark, bright] = [noise(input, 1, 0), noise(input, 2, 128)];
  let alone: readonly Float32Array[];
  try {
    alone = [await run(dark), await run(bright)];
  } catch (error) {
    faults.push({ field: 'model', description: `does not run on a picture: ${(error as Error).message}` });
    return undefined;
  }
  const { length } = alone[0]!;
  if (!input.dynamicBatch) return { length, takesBatches: false };
  const together = await run(dark, bright).catch(() => undefined);
  const takesBatches =
    together?.length === 2 * length &&
    alone.every((output, index) => isNear(together.subarray(index * length, (index + 1) * length), output));
  return { length, takesBatches };
}

/** Bytes of the model's input: pixels of 128 levels from `darkest` on. */
function noise(input: InputSpec, seed: number, darkest: number): Uint8Array {
  const { height, width, channels } = sideLengths(input);
  const random = seededRandom(seed);
  const pixels = Uint8Array.from({ length: height * width * channels }, () => darkest + random.integer(128));
  return pixelsInput(pixels, input).tensor;
}

function isNear(output: Float32Array, expected: Float32Array): boolean {
  const norm = (values: Float32Array) =>
    Math.sqrt(values.reduce((sum, value) => sum + (value * value || 0), 0));
  return norm(output.map((value, index) => value - expected[index]!)) <= TOLERANCE * norm(expected) + 1e-6;
}
