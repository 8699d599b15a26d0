import type { ElementType } from '@weir/domain';
import { inference } from '@weir/proto';

/** Element types of the protocol that Weir has too; BF16 is none of them. */
export type Datatype =
  | 'BOOL'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'FP16'
  | 'FP32'
  | 'FP64'
  | 'BYTES';

interface Row {
  readonly dtype: ElementType;
  /** Where typed contents of it are; undefined: there are none. */
  readonly contents: keyof inference.InferTensorContents | undefined;
  /** In a model's configuration. */
  readonly config: inference.DataType;
}

const { DataType } = inference;

export const datatypes: Readonly<Record<Datatype, Row>> = {
  BOOL: { dtype: 'bool', contents: 'boolContents', config: DataType.TYPE_BOOL },
  INT8: { dtype: 'int8', contents: 'intContents', config: DataType.TYPE_INT8 },
  INT16: { dtype: 'int16', contents: 'intContents', config: DataType.TYPE_INT16 },
  INT32: { dtype: 'int32', contents: 'intContents', config: DataType.TYPE_INT32 },
  INT64: { dtype: 'int64', contents: 'int64Contents', config: DataType.TYPE_INT64 },
  UINT8: { dtype: 'uint8', contents: 'uintContents', config: DataType.TYPE_UINT8 },
  UINT16: { dtype: 'uint16', contents: 'uintContents', config: DataType.TYPE_UINT16 },
  UINT32: { dtype: 'uint32', contents: 'uintContents', config: DataType.TYPE_UINT32 },
  UINT64: { dtype: 'uint64', contents: 'uint64Contents', config: DataType.TYPE_UINT64 },
  FP16: { dtype: 'float16', contents: undefined, config: DataType.TYPE_FP16 },
  FP32: { dtype: 'float32', contents: 'fp32Contents', config: DataType.TYPE_FP32 },
  FP64: { dtype: 'float64', contents: 'fp64Contents', config: DataType.TYPE_FP64 },
  BYTES: { dtype: 'string', contents: 'bytesContents', config: DataType.TYPE_STRING },
};

export const isDatatype = (name: string): name is Datatype => Object.hasOwn(datatypes, name);

const names = Object.keys(datatypes) as readonly Datatype[];
const byElement = new Map(names.map((name) => [datatypes[name].dtype, name]));

/** The protocol's name of an element type. */
export const datatypeOf = (dtype: ElementType): Datatype => byElement.get(dtype)!;
