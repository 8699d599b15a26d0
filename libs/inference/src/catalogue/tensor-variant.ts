import type { FieldViolation } from '@weir/base';
import { elementTypes, type TensorSpec } from '@weir/domain';
import { z } from 'zod';

const dimensions = z.array(z.int().min(-1)).max(8);

const tensorSchema = z.object({
  name: z.string().min(1).max(256),
  dtype: z.enum(elementTypes),
  /** -1: any. */
  shape: dimensions,
});

const uniquelyNamed = (tensors: readonly { readonly name: string }[]) =>
  new Set(tensors.map(({ name }) => name)).size === tensors.length;

const tensorsSchema = <Tensor extends typeof tensorSchema>(tensor: Tensor) =>
  z.array(tensor).min(1).max(64).refine(uniquelyNamed, 'no two may have the same name');

/** What an entry of a model of any inputs and outputs has instead of a classifier's. */
export const tensorFields = {
  task: z.literal('tensor'),
  inputs: tensorsSchema(
    /** `example`: the shape of a typical input, for warm-up and measuring. @default `shape` with 1 for any */
    tensorSchema.extend({ example: z.array(z.int().positive()).max(8).optional() }),
  ),
  outputs: tensorsSchema(tensorSchema),
  /** As declared: a fraction, and what it is a measure of. */
  accuracy: z.object({ declared: z.number().min(0).max(1), measure: z.string().min(1).max(128) }),
};

/** What a model takes under one name. */
export type TensorInputSpec = Readonly<z.infer<typeof tensorSchema>> & {
  readonly example?: readonly number[] | undefined;
};

/** Shape of a typical input. */
export const exampleShape = ({ shape, example }: TensorInputSpec): readonly number[] =>
  example ?? shape.map((size) => Math.abs(size));

interface Entry {
  readonly name: string;
  readonly task?: 'classification' | 'tensor' | undefined;
  readonly inputs?: readonly TensorInputSpec[];
  readonly outputs?: readonly TensorSpec[];
}

/** Why these variants cannot be one family: any of them may be asked for any frame. */
export function familyFaults({
  labels,
  variants,
}: {
  readonly labels: readonly string[];
  readonly variants: readonly Entry[];
}): readonly FieldViolation[] {
  const first = variants[0]!;
  const faults: FieldViolation[] = [];
  const fault = (field: string, description: string) => faults.push({ field, description });
  if (taskOf(first) === 'classification' && labels.length < 2)
    fault('labels', 'a family of classifiers needs at least two');
  for (const other of variants.slice(1)) {
    const [mine, its] = [taskOf(first), taskOf(other)];
    if (mine !== its)
      fault(`${other.name}.task`, `is ${its}, that of ${first.name} ${mine}: make two families`);
    else if (interfaceOf(first) !== interfaceOf(other))
      fault(
        `${other.name}.inputs`,
        `with its outputs they are ${interfaceOf(other)}, those of ${first.name} ${interfaceOf(first)}: make two families`,
      );
  }
  for (const { name, inputs = [] } of variants)
    for (const [at, { shape, example }] of inputs.entries())
      if (example && !fits(example, shape))
        fault(`${name}.inputs.${at}.example`, `[${example.join(', ')}] is no [${shape.join(', ')}]`);
  return faults;
}

const taskOf = ({ task = 'classification' }: Entry) => task;

/** Shapes of outputs may differ: how much a model finds is its own affair. */
const interfaceOf = ({ inputs = [], outputs = [] }: Entry) => {
  const taken = inputs.map(({ name, dtype, shape }) => `${name} ${dtype}[${shape.join(', ')}]`);
  const given = outputs.map(({ name, dtype }) => `${name} ${dtype}`);
  return `${taken.sort().join(', ')} → ${given.sort().join(', ')}`;
};

/** Whether a tensor of this shape is one of those that are `declared`. */
export const fits = (shape: readonly number[], declared: readonly number[]): boolean =>
  shape.length === declared.length && declared.every((size, axis) => size === -1 || size === shape[axis]);
