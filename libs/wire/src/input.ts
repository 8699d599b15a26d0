import { InvalidInput, Violations } from '@weir/base';
import type { NamedTensorValue } from '@weir/domain';
import { common } from '@weir/proto';
import { limits } from './limits.ts';
import { bytesOf, checkTensors, namedTensorsFromWire } from './tensors.ts';

/** What an inference is computed on: a PNG or JPEG file, or the model's inputs as they are, row-major, little endian. */
export type InferenceInput =
  | { readonly image: Uint8Array }
  | {
      readonly tensor: Uint8Array;
      readonly shape: readonly number[];
      readonly dtype: 'float32' | 'uint8';
    }
  | { readonly tensors: readonly NamedTensorValue[] };

const bytesPerElement: Readonly<Partial<Record<common.DataType, number>>> = {
  [common.DataType.UINT8]: 1,
  [common.DataType.FLOAT32]: 4,
};

/** Notes what can be told without decoding; what only the model can tell is checked where the model is. */
export function checkInput(input: common.Input | undefined, field: string, violations: Violations): void {
  const { content } = input ?? {};
  switch (content?.$case) {
    case undefined:
      violations.check(false, field, 'missing: give encoded_image, tensor or tensors');
      break;
    case 'encodedImage':
      violations.check(content.value.length > 0, `${field}.encoded_image`, 'empty');
      atMost(limits.imageBytes, content.value, `${field}.encoded_image`, violations);
      break;
    case 'tensor':
      checkTensor(content.value, `${field}.tensor`, violations);
      break;
    case 'tensors':
      checkTensors(content.value.tensors, `${field}.tensors`, violations);
  }
}

/** The first fault: each further one would follow from it. */
function checkTensor({ shape, dataType, data }: common.Tensor, field: string, violations: Violations): void {
  const bytes = bytesPerElement[dataType];
  if (bytes === undefined)
    return void violations.check(false, `${field}.data_type`, 'expected UINT8 or FLOAT32');
  const { tensorDimensions } = limits;
  if (shape.length === 0 || shape.length > tensorDimensions || shape.includes(0) || shape[0] !== 1)
    return void violations.check(
      false,
      `${field}.shape`,
      `expected 1..${tensorDimensions} dimensions > 0, the first being 1`,
    );
  const expected = shape.reduce((product, dimension) => product * dimension, bytes);
  violations.check(
    data.length === expected,
    `${field}.data`,
    `expected ${expected} bytes for this shape, got ${data.length}`,
  );
  if (data.length === expected) atMost(limits.tensorBytes, data, `${field}.data`, violations);
}

const atMost = (
  bytes: number,
  { length }: Pick<Uint8Array, 'length'>,
  field: string,
  violations: Violations,
): boolean => violations.check(length <= bytes, field, `expected at most ${bytes} bytes, got ${length}`);

/** For senders. Throws InvalidInput for an input that no agent takes because of its size. */
export function checkSendable({ content }: common.Input): void {
  const violations = new Violations();
  if (content?.$case === 'encodedImage')
    atMost(limits.imageBytes, content.value, 'input.encoded_image', violations);
  if (content?.$case === 'tensors')
    atMost(limits.tensorBytes, { length: bytesOf(content.value.tensors) }, 'input.tensors', violations);
  violations.throwIfAny();
}

/** `input` has passed `checkInput`. */
export function inputFromWire({ content }: common.Input): InferenceInput {
  if (content?.$case === 'tensors') return { tensors: namedTensorsFromWire(content.value.tensors) };
  if (content?.$case !== 'tensor') return { image: content?.value ?? new Uint8Array() };
  const { shape, dataType, data } = content.value;
  return { shape, tensor: data, dtype: dataType === common.DataType.FLOAT32 ? 'float32' : 'uint8' };
}

/** The runner names the fields of its own input; a caller knows those of the message. */
export function inWireFields({ violations, reason }: InvalidInput): InvalidInput {
  return new InvalidInput(
    violations.map(({ field, description }) => ({ field: wireField(field), description })),
    { reason },
  );
}

function wireField(field: string): string {
  if (field === 'image') return 'input.encoded_image';
  return field.startsWith('tensor') ? `input.${field.replace(/\.dtype$/, '.data_type')}` : field;
}
