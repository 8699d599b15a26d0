import type { TensorSpec } from '@weir/domain';
import type { inference } from '@weir/proto';
import { datatypeOf } from '../datatypes.ts';

/** What one side takes and gives. */
export interface TensorInterface {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** By which names a model is asked; undefined: whatever it gives, as its server does not say. */
export interface InterfaceNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[] | undefined;
}

type Metadata = inference.ModelMetadataResponse_TensorMetadata;

/**
 * Whether a model takes and gives what a variant does, as its metadata tells. A classifier's one input and output may have
 * other names there, which are the ones to use; its output may be of any type of floating point, and with `wholeNumbers`
 * of integers too. A server that tells no tensors is believed until it is tried.
 */
export function fitInterface(
  expected: TensorInterface,
  { inputs, outputs }: Pick<inference.ModelMetadataResponse, 'inputs' | 'outputs'>,
  { classifier, wholeNumbers = false }: { classifier: boolean; wholeNumbers?: boolean },
): InterfaceNames | { readonly misfit: string } {
  const taken = inputs.length > 0 ? pair(expected.inputs, inputs, { byName: !classifier }) : expected.inputs;
  if ('missing' in taken) return { misfit: `takes ${listed(inputs)}, and not ${spec(taken.missing)}` };
  for (const [at, input] of expected.inputs.entries()) {
    const theirs = taken[at]!;
    if ('datatype' in theirs && !sameTensor(input, theirs, { batchMayBeLeftOut: classifier }))
      return { misfit: `takes ${tensor(theirs)}, and not ${spec(input)}` };
  }
  if (inputs.length > expected.inputs.length)
    return { misfit: `takes ${listed(inputs)}, and not ${expected.inputs.map(spec).join(', ')} alone` };

  const names = taken.map(({ name }) => name);
  if (outputs.length === 0) return { inputs: names, outputs: undefined };
  const given = pair(expected.outputs, outputs, { byName: !classifier });
  if ('missing' in given) return { misfit: `gives ${listed(outputs)}, and not ${spec(given.missing)}` };
  for (const [at, output] of expected.outputs.entries()) {
    const theirs = given[at]!;
    const good = classifier ? classesFit(output, theirs, wholeNumbers) : sameTensor(output, theirs, {});
    if (!good) return { misfit: `gives ${tensor(theirs)}, and not ${spec(output)}` };
  }
  return { inputs: names, outputs: given.map(({ name }) => name) };
}

/** To each that is expected the one of its name, or, of a classifier, else the only one there is. */
function pair(
  expected: readonly TensorSpec[],
  theirs: readonly Metadata[],
  { byName }: { byName: boolean },
): readonly Metadata[] | { readonly missing: TensorSpec } {
  const pairs: Metadata[] = [];
  for (const one of expected) {
    const other =
      theirs.find(({ name }) => name === one.name) ??
      (!byName && theirs.length === 1 ? theirs[0] : undefined);
    if (!other) return { missing: one };
    pairs.push(other);
  }
  return pairs;
}

/** Dimensions agree where they are equal, or either is any. */
function sameTensor(
  { dtype, shape }: TensorSpec,
  { datatype, shape: theirs }: Metadata,
  { batchMayBeLeftOut = false }: { batchMayBeLeftOut?: boolean },
): boolean {
  if (datatype !== datatypeOf(dtype)) return false;
  const dimensions = theirs.map(Number);
  return sameShape(shape, dimensions) || (batchMayBeLeftOut && sameShape(shape.slice(1), dimensions));
}

/** As many numbers for one picture as there are classes. */
function classesFit({ shape }: TensorSpec, theirs: Metadata, wholeNumbers: boolean): boolean {
  const types = wholeNumbers ? [...floats, ...wholes] : floats;
  if (!types.includes(theirs.datatype)) return false;
  const dimensions = theirs.shape.map(Number).slice(theirs.shape.length > 1 ? 1 : 0);
  if (dimensions.some((size) => size < 0)) return true;
  return dimensions.reduce((product, size) => product * size, 1) === shape.at(-1);
}

const floats = ['FP32', 'FP16', 'FP64'];
const wholes = ['INT8', 'UINT8', 'INT16', 'UINT16', 'INT32'];

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis] || size < 0 || b[axis]! < 0);

const spec = ({ name, dtype, shape }: TensorSpec) => `${name} ${datatypeOf(dtype)}[${shape.join(',')}]`;
const tensor = ({ name, datatype, shape }: Metadata) =>
  `${cut(name)} ${cut(datatype)}[${shape.slice(0, 16).join(',')}]`;
const cut = (text: string) => text.slice(0, 64);
const listed = (tensors: readonly Metadata[]) =>
  tensors.slice(0, 8).map(tensor).join(', ') + (tensors.length > 8 ? ', …' : '');
