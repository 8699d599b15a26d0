import { Violations } from '@weir/base';
import { dataFault, type NamedTensorValue } from '@weir/domain';
import type { inference } from '@weir/proto';
import { limits } from '@weir/wire';
import { splitElements } from './bytes-elements.ts';
import { bytesOfContents } from './contents.ts';
import { datatypes, isDatatype } from './datatypes.ts';

/** Throws InvalidInput, naming every fault that can be told without the model. */
export function tensorsOf({
  inputs,
  rawInputContents: raw,
}: inference.ModelInferRequest): readonly NamedTensorValue[] {
  const violations = new Violations();
  violations.check(inputs.length > 0, 'inputs', 'expected at least one');
  violations.list(inputs, 'inputs', limits.tensors);
  violations.check(
    raw.length === 0 || raw.length === inputs.length,
    'raw_input_contents',
    `expected one for each of ${inputs.length} inputs, got ${raw.length}`,
  );
  violations.throwIfAny();
  const names = new Set<string>();
  const tensors = inputs.flatMap((input, at) => {
    const field = `inputs[${at}]`;
    const twice = names.has(input.name);
    names.add(input.name);
    if (!violations.check(!twice, `${field}.name`, `${input.name} is given twice`)) return [];
    return tensorOf(input, raw.length > 0 ? raw[at] : undefined, field, violations) ?? [];
  });
  violations.throwIfAny();
  return tensors;
}

/** The first fault: each further one would follow from it. */
function tensorOf(
  { name, datatype, shape: dimensions, parameters, contents }: inference.ModelInferRequest_InferInputTensor,
  raw: Uint8Array | undefined,
  field: string,
  violations: Violations,
): NamedTensorValue | undefined {
  const fault = (part: string, description: string) =>
    void violations.check(false, `${field}${part}`, description);
  if (parameters.shared_memory_region)
    return fault('.parameters', `there is no shared memory here: send the contents of ${name}`);
  if (!isDatatype(datatype))
    return fault('.datatype', `expected one of ${Object.keys(datatypes).join(', ')}, got '${datatype}'`);
  const shape = dimensions.map(Number);
  if (shape.length > limits.tensorDimensions || shape.some((size) => size < 0 || size > limits.tensorBytes))
    return fault(
      '.shape',
      `expected at most ${limits.tensorDimensions} dimensions >= 0, got [${shape.join(', ')}]`,
    );
  if (raw && contents)
    return fault('.contents', `contents must not be given beside raw_input_contents for input '${name}'`);
  if (!raw && !contents) return fault('.contents', `input '${name}' has no contents`);
  const data = raw ?? bytesOfContents(contents!, datatype);
  if ('fault' in data) return fault('.contents', data.fault);
  const { dtype } = datatypes[datatype];
  const tensor = { name, dtype, shape, data };
  // A picture is no text: strings are looked at once it is known what they are for.
  const misfit = dtype === 'string' ? elementsFault(tensor) : dataFault(tensor);
  return misfit === undefined ? tensor : fault('', `input '${name}': ${misfit}`);
}

function elementsFault({ shape, data }: NamedTensorValue): string | undefined {
  const expected = shape.reduce((product, size) => product * size, 1);
  return splitElements(data, expected)?.length === expected
    ? undefined
    : `expected ${expected} elements of BYTES, each after its length in 4 bytes, little endian`;
}
