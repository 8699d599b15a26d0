import { InvalidInput } from '@weir/base';
import type { ElementType, NamedTensorValue } from '@weir/domain';
import { joinElements } from './bytes-elements.ts';
import { datatypeOf } from './datatypes.ts';

/**
 * The classification extension: the `count` largest values of a tensor, each as `value:index`, with `:label` where there
 * are labels; of one with a batch, those of each of its members. Throws InvalidInput for a tensor of no numbers.
 */
export function classify(
  { name, dtype, shape, data }: NamedTensorValue,
  {
    count,
    labels = [],
    batched,
  }: { count: number; labels?: readonly string[] | undefined; batched: boolean },
): NamedTensorValue {
  const values = numbersOf(dtype, data);
  if (!values)
    throw new InvalidInput([
      {
        field: 'outputs',
        description: `classification needs numbers, and '${name}' is ${datatypeOf(dtype)}`,
      },
    ]);
  const rows = batched ? (shape[0] ?? 1) : 1;
  const classes = rows > 0 ? values.length / rows : 0;
  const most = Math.min(count, classes);
  const elements = Array.from({ length: rows }, (_, row) => {
    const own = values.slice(row * classes, (row + 1) * classes);
    const best = [...own.keys()].sort((a, b) => own[b]! - own[a]! || a - b).slice(0, most);
    return best.map((index) => {
      const value = dtype.startsWith('float') ? own[index]!.toFixed(6) : String(own[index]);
      return Buffer.from([value, index, ...(labels[index] === undefined ? [] : [labels[index]])].join(':'));
    });
  }).flat();
  return {
    name,
    dtype: 'string',
    shape: batched ? [rows, most] : [most],
    data: joinElements(elements),
  };
}

/** Undefined for what are no numbers. */
function numbersOf(dtype: ElementType, data: Uint8Array): number[] | undefined {
  const read = readers[dtype];
  if (!read) return undefined;
  const [bytes, element] = read;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: data.length / bytes }, (_, at) => element(view, at * bytes));
}

const readers: Readonly<
  Partial<Record<ElementType, readonly [bytes: number, read: (view: DataView, at: number) => number]>>
> = {
  int8: [1, (view, at) => view.getInt8(at)],
  int16: [2, (view, at) => view.getInt16(at, true)],
  int32: [4, (view, at) => view.getInt32(at, true)],
  int64: [8, (view, at) => Number(view.getBigInt64(at, true))],
  uint8: [1, (view, at) => view.getUint8(at)],
  uint16: [2, (view, at) => view.getUint16(at, true)],
  uint32: [4, (view, at) => view.getUint32(at, true)],
  uint64: [8, (view, at) => Number(view.getBigUint64(at, true))],
  float32: [4, (view, at) => view.getFloat32(at, true)],
  float64: [8, (view, at) => view.getFloat64(at, true)],
};
