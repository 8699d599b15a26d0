import type { inference } from '@weir/proto';
import { joinElements } from './bytes-elements.ts';
import { type Datatype, datatypes } from './datatypes.ts';

type Contents = inference.InferTensorContents;

/** What is wrong with typed contents; instead of bytes. */
export interface ContentsFault {
  readonly fault: string;
}

/**
 * The bytes of a tensor, row-major, little endian, whose elements came typed. Elements must be in the list of their type and
 * within its range; whether they are as many as the shape says is for the caller to check.
 */
export function bytesOfContents(contents: Contents, datatype: Datatype): Uint8Array | ContentsFault {
  const { contents: own } = datatypes[datatype];
  if (!own) return { fault: `typed contents cannot hold ${datatype}: use raw_input_contents` };
  const others = (Object.keys(contents) as (keyof Contents)[]).filter(
    (list) => list !== own && contents[list].length > 0,
  );
  if (others.length > 0)
    return { fault: `${datatype} belongs in ${wireName(own)}, got ${others.map(wireName).join(', ')}` };
  const range = ranges[datatype];
  if (range) {
    const [least, most] = range;
    const outside = (contents[own] as number[]).find((value) => value < least || value > most);
    if (outside !== undefined) return { fault: `${outside} is no ${datatype}` };
  }
  return encode(contents, datatype);
}

function encode(contents: Contents, datatype: Datatype): Uint8Array {
  switch (datatype) {
    case 'BOOL':
      return Uint8Array.from(contents.boolContents, Number);
    case 'INT8':
      return bytes(Int8Array.from(contents.intContents));
    case 'INT16':
      return bytes(Int16Array.from(contents.intContents));
    case 'INT32':
      return bytes(Int32Array.from(contents.intContents));
    case 'INT64':
      return bytes(BigInt64Array.from(contents.int64Contents));
    case 'UINT8':
      return Uint8Array.from(contents.uintContents);
    case 'UINT16':
      return bytes(Uint16Array.from(contents.uintContents));
    case 'UINT32':
      return bytes(Uint32Array.from(contents.uintContents));
    case 'UINT64':
      return bytes(BigUint64Array.from(contents.uint64Contents));
    case 'FP32':
      return bytes(Float32Array.from(contents.fp32Contents));
    case 'FP64':
      return bytes(Float64Array.from(contents.fp64Contents));
    case 'BYTES':
      return joinElements(contents.bytesContents);
    case 'FP16':
      return new Uint8Array();
  }
}

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Of the types that share a list with wider ones. */
const ranges: Readonly<Partial<Record<Datatype, readonly [least: number, most: number]>>> = {
  INT8: [-0x80, 0x7f],
  INT16: [-0x8000, 0x7fff],
  UINT8: [0, 0xff],
  UINT16: [0, 0xffff],
};

/** E.g. `fp32_contents`. */
const wireName = (list: string) => list.replace('Contents', '_contents');
