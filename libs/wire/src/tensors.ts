import type { Violations } from '@weir/base';
import { dataFault, type ElementType, type NamedTensorValue, type TensorSpec } from '@weir/domain';
import { common } from '@weir/proto';
import { enumTable } from './enum-table.ts';
import { limits } from './limits.ts';

const { DataType } = common;
const dataTypes = enumTable<ElementType, common.DataType>({
  bool: DataType.BOOL,
  int8: DataType.INT8,
  int16: DataType.INT16,
  int32: DataType.INT32,
  int64: DataType.INT64,
  uint8: DataType.UINT8,
  uint16: DataType.UINT16,
  uint32: DataType.UINT32,
  uint64: DataType.UINT64,
  float16: DataType.FLOAT16,
  float32: DataType.FLOAT32,
  float64: DataType.FLOAT64,
  string: DataType.BYTES,
});

export const dataTypeToWire = dataTypes.toWire;

export const tensorSpecToWire = ({ name, dtype, shape }: TensorSpec): common.TensorSpec => ({
  name,
  dataType: dataTypeToWire(dtype),
  dimensions: [...shape],
});

export const namedTensorToWire = ({ name, dtype, shape, data }: NamedTensorValue): common.NamedTensor => ({
  name,
  tensor: { shape: [...shape], dataType: dataTypeToWire(dtype), data },
});

/** `tensors` have passed `checkTensors`. */
export const namedTensorsFromWire = (tensors: readonly common.NamedTensor[]): NamedTensorValue[] =>
  tensors.map(({ name, tensor }) => {
    const { shape, dataType, data } = tensor!;
    return { name, dtype: dataTypes.fromWire(dataType)!, shape, data };
  });

/** Notes what can be told without the model; the tensors by their names, as in `input.tensors[images].shape`. */
export function checkTensors(
  tensors: readonly common.NamedTensor[],
  field: string,
  violations: Violations,
): void {
  const { tensors: most, tensorBytes, nameLength } = limits;
  if (!violations.check(tensors.length >= 1 && tensors.length <= most, field, `expected 1..${most} tensors`))
    return;
  const names = new Set<string>();
  for (const [at, { name, tensor }] of tensors.entries()) {
    const good = name.length >= 1 && name.length <= nameLength;
    violations.check(good, `${field}[${at}].name`, `expected 1..${nameLength} characters`);
    const here = good ? `${field}[${name}]` : `${field}[${at}]`;
    violations.check(!names.has(name), here, 'appears twice');
    names.add(name);
    checkNamedTensor(tensor, here, violations);
  }
  const bytes = bytesOf(tensors);
  violations.check(
    bytes <= tensorBytes,
    field,
    `expected at most ${tensorBytes} bytes together, got ${bytes}`,
  );
}

/** The first fault: each further one would follow from it. */
function checkNamedTensor(tensor: common.Tensor | undefined, field: string, violations: Violations): void {
  if (!tensor) return void violations.check(false, `${field}.tensor`, 'missing');
  const { shape, dataType, data } = tensor;
  const dtype = dataTypes.fromWire(dataType);
  if (!violations.check(dtype !== undefined, `${field}.data_type`, 'expected an element type')) return;
  const { tensorDimensions } = limits;
  const good = shape.length <= tensorDimensions && !shape.includes(0);
  if (!violations.check(good, `${field}.shape`, `expected at most ${tensorDimensions} dimensions > 0`))
    return;
  const fault = dataFault({ dtype: dtype!, shape, data });
  violations.check(fault === undefined, `${field}.data`, fault ?? '');
}

/** Of their data. */
export const bytesOf = (tensors: readonly common.NamedTensor[]): number =>
  tensors.reduce((sum, { tensor }) => sum + (tensor?.data.length ?? 0), 0);
