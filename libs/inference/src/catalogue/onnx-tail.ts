import type { OnnxGraph, OnnxTensor } from './onnx-file.ts';

/** A whole number q of an output stands for (q - zeroPoint) × scale. */
export interface Quantisation {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** How a model makes its output. */
export interface OnnxTail {
  /** The output is a softmax, in whatever shape or type. */
  readonly softmax: boolean;
  /** Of the output, when its last operators say so. */
  readonly quantisation?: Quantisation | undefined;
}

/** Operators that give on what they get, in another shape or type. */
const passing = new Set([
  'Identity',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Cast',
  'Dropout',
]);
/** Which inputs of a quantised operator are its output's scale and zero point. */
const quantised: Readonly<Record<string, readonly [scale: number, zeroPoint: number]>> = {
  QuantizeLinear: [1, 2],
  QLinearConv: [6, 7],
  QLinearMatMul: [6, 7],
  QGemm: [7, 8],
  QLinearAdd: [6, 7],
  QLinearMul: [6, 7],
  QLinearSoftmax: [3, 4],
  QLinearSigmoid: [3, 4],
  QLinearLeakyRelu: [3, 4],
  QLinearAveragePool: [3, 4],
  QLinearGlobalAveragePool: [3, 4],
  QLinearConcat: [0, 1],
};

/** Follows an output back through operators that leave its numbers as they are. */
export function tailOf(graph: OnnxGraph, output: string): OnnxTail {
  let quantisation: Quantisation | undefined;
  let floats = false;
  for (let name = output, steps = 0; steps < 64; steps++) {
    const node = graph.nodes.find(({ outputs }) => outputs.includes(name));
    if (!node) return { softmax: false, quantisation };
    const { operator, inputs } = node;
    const places = quantised[operator];
    if (places && !floats) quantisation ??= quantisationOf(graph, inputs, places);
    if (operator === 'Softmax' || operator === 'QLinearSoftmax') return { softmax: true, quantisation };
    if (operator === 'DequantizeLinear') floats = true;
    else if (operator !== 'QuantizeLinear' && !passing.has(operator)) return { softmax: false, quantisation };
    name = inputs[0] ?? '';
  }
  return { softmax: false, quantisation };
}

/** Undefined when it is computed, kept in another file, or one for each class. */
function quantisationOf(
  graph: OnnxGraph,
  inputs: readonly string[],
  [scaleAt, zeroPointAt]: readonly [number, number],
): Quantisation | undefined {
  const scale = scalar(graph, inputs[scaleAt]);
  const zeroPoint = inputs[zeroPointAt] ? scalar(graph, inputs[zeroPointAt]) : 0;
  return scale === undefined || zeroPoint === undefined ? undefined : { scale, zeroPoint };
}

function scalar({ nodes, initialisers }: OnnxGraph, name: string | undefined): number | undefined {
  const constant = nodes.find(({ operator, outputs }) => operator === 'Constant' && outputs[0] === name);
  const tensor = initialisers.find((each) => each.name === name) ?? constant?.tensors[0];
  return tensor && tensor.dims.every((size) => size === 1) ? valueOf(tensor) : undefined;
}

// TensorProto.DataType.
const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;

function valueOf({ dataType, raw, floats, int32s }: OnnxTensor): number | undefined {
  const bytes = raw ?? (dataType === FLOAT ? floats : int32s && lowByte(int32s));
  if (!bytes || bytes.byteLength < (dataType === FLOAT ? 4 : 1)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dataType === FLOAT) return view.getFloat32(0, true);
  if (dataType === UINT8) return view.getUint8(0);
  return dataType === INT8 ? view.getInt8(0) : undefined;
}

/** Of a varint: a negative one has ten bytes, more than a double holds. */
const lowByte = ([first = 0, second = 0]: Uint8Array) =>
  Uint8Array.of((first & 127) | (first < 128 ? 0 : (second & 1) << 7));
