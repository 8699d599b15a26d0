import { type Field, fields, textOf, varints } from './protobuf-fields.ts';

/** What a model's file says of itself, read without a runtime. */
export interface OnnxFile {
  /** Version of the default operator set. */
  readonly opset?: number | undefined;
  /** Weights, i.e. numbers in the initialisers. */
  readonly parameters: number;
  /** Files that hold weights, relative to the model's folder, in order of their names. */
  readonly externalData: readonly string[];
  readonly graph: OnnxGraph;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initialisers: readonly OnnxTensor[];
}

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Tensors and graphs among its attributes. */
  readonly tensors: readonly OnnxTensor[];
  readonly graphs: readonly OnnxGraph[];
}

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** TensorProto.DataType. */
  readonly dataType: number;
  /** Its values in one of the forms that there are; none when they are in another file. */
  readonly raw?: Uint8Array | undefined;
  readonly floats?: Uint8Array | undefined;
  /** Varints, packed. */
  readonly int32s?: Uint8Array | undefined;
  /** The other file that holds its values. */
  readonly location?: string | undefined;
}

// Field numbers of onnx.proto.
const MODEL = { graph: 7, opsetImport: 8, functions: 25 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { node: 1, initializer: 5, sparseInitializer: 15 } as const;
const FUNCTION = { node: 7 } as const;
const NODE = { input: 1, output: 2, opType: 4, attribute: 5 } as const;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11 } as const;
const TENSOR = { dims: 1, dataType: 2, floats: 4, int32s: 5, name: 8, raw: 9, externalData: 13 } as const;
const SPARSE = { values: 1, indices: 2 } as const;
const ENTRY = { key: 1, value: 2 } as const;

/** Reads the few protobuf fields it needs and skips the rest. Throws RangeError for a truncated file. */
export function readOnnx(bytes: Uint8Array): OnnxFile {
  let opset: number | undefined;
  let graph: OnnxGraph = { nodes: [], initialisers: [] };
  const functions: OnnxNode[] = [];
  for (const field of fields(bytes)) {
    if (field.number === MODEL.opsetImport && field.bytes) opset ??= defaultOpset(field.bytes);
    if (field.number === MODEL.graph && field.bytes) graph = readGraph(field.bytes);
    if (field.number === MODEL.functions && field.bytes)
      functions.push(...of(field.bytes, FUNCTION.node, readNode));
  }
  const tensors = [...tensorsOf(graph), ...tensorsOf({ nodes: functions, initialisers: [] })];
  const locations = tensors.flatMap(({ location }) => location ?? []);
  return {
    opset,
    parameters: graph.initialisers.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0),
    externalData: [...new Set(locations)].sort(),
    graph,
  };
}

/** Also of its subgraphs. */
const tensorsOf = ({ nodes, initialisers }: OnnxGraph): OnnxTensor[] => [
  ...initialisers,
  ...nodes.flatMap(({ tensors, graphs }) => [...tensors, ...graphs.flatMap(tensorsOf)]),
];

function defaultOpset(bytes: Uint8Array): number | undefined {
  let version: number | undefined;
  for (const field of fields(bytes)) {
    if (field.number === OPSET.domain && field.bytes && field.bytes.length > 0) return undefined;
    if (field.number === OPSET.version) version = field.varint;
  }
  return version;
}

const readGraph = (bytes: Uint8Array): OnnxGraph => ({
  nodes: of(bytes, GRAPH.node, readNode),
  initialisers: [
    ...of(bytes, GRAPH.initializer, readTensor),
    ...of(bytes, GRAPH.sparseInitializer, (sparse) => [
      ...of(sparse, SPARSE.values, readTensor),
      ...of(sparse, SPARSE.indices, readTensor),
    ]).flat(),
  ],
});

function readNode(bytes: Uint8Array): OnnxNode {
  const all = [...fields(bytes)];
  const attributes = of(bytes, NODE.attribute, (attribute) => attribute);
  const among = <T>(number: number, read: (bytes: Uint8Array) => T) =>
    attributes.flatMap((attribute) => of(attribute, number, read));
  const texts = (number: number) => all.filter((field) => field.number === number).map(textOf);
  return {
    operator: texts(NODE.opType)[0] ?? '',
    inputs: texts(NODE.input),
    outputs: texts(NODE.output),
    tensors: [...among(ATTRIBUTE.tensor, readTensor), ...among(ATTRIBUTE.tensors, readTensor)],
    graphs: [...among(ATTRIBUTE.graph, readGraph), ...among(ATTRIBUTE.graphs, readGraph)],
  };
}

function readTensor(bytes: Uint8Array): OnnxTensor {
  const all = [...fields(bytes)];
  const last = (number: number): Field | undefined => all.findLast((field) => field.number === number);
  const numbers = (number: number) =>
    all.filter((field) => field.number === number).flatMap((field) => [...varints(field)]);
  const entries = of(bytes, TENSOR.externalData, (entry) => [...fields(entry)]);
  const textIn = (entry: readonly Field[], number: number) =>
    textOf(entry.find((field) => field.number === number) ?? { number });
  const location = entries.find((entry) => textIn(entry, ENTRY.key) === 'location');
  return {
    name: textOf(last(TENSOR.name) ?? { number: TENSOR.name }),
    dims: numbers(TENSOR.dims),
    dataType: last(TENSOR.dataType)?.varint ?? 0,
    raw: last(TENSOR.raw)?.bytes,
    floats: last(TENSOR.floats)?.bytes,
    int32s: last(TENSOR.int32s)?.bytes,
    location: location && textIn(location, ENTRY.value),
  };
}

/** The messages in a repeated field. */
function of<T>(bytes: Uint8Array, number: number, read: (bytes: Uint8Array) => T): T[] {
  const found: T[] = [];
  for (const field of fields(bytes))
    if (field.number === number && field.bytes) found.push(read(field.bytes));
  return found;
}
