import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { delimited, scalars, varint } from './values.ts';

/*
 * Messages as bytes, derived from their descriptors: what a type cannot hold (a negative enum value, a field of another
 * wire type, half a message) is written like everything else.
 */

type Bytes = fc.Arbitrary<Uint8Array>;

/** Any fields with any values. */
export function anyMessage(type: DescMessage, depth = 4): Bytes {
  const fields = type.fields.map((field) => fc.option(anyField(field, depth), { nil: nothing, freq: 2 }));
  return fc.tuple(...fields).map((all) => Buffer.concat(all));
}

/**
 * A message that is as `base` but for `edits` of its fields, at any depth: left out, twice, before the others, another value,
 * or one that was not there.
 */
export function variation(type: DescMessage, base: Uint8Array, edits = 1): Bytes {
  const once = oneEdit(type, base, 5).arbitrary;
  return edits <= 1 ? once : once.chain((edited) => variation(type, edited, edits - 1));
}

/** Bytes of which a few are others. */
export function flipped(bytes: Bytes): Bytes {
  const flip = fc.tuple(fc.nat(), fc.nat(255));
  return fc.tuple(bytes, fc.array(flip, { minLength: 1, maxLength: 3 })).map(([whole, flips]) => {
    const result = Uint8Array.from(whole);
    for (const [anywhere, value] of flips) result[anywhere % (whole.length || 1)] = value;
    return result;
  });
}

/** Bytes that are like these, and perhaps no message any more: cut off, flipped, with more between them, or in part twice. */
export function damaged(bytes: Bytes): Bytes {
  const cut = fc.tuple(bytes, fc.nat()).map(([whole, end]) => whole.subarray(0, end % (whole.length + 1)));
  const longer = fc
    .tuple(bytes, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 12 }))
    .map(([whole, anywhere, more]) => {
      const place = anywhere % (whole.length + 1);
      return Buffer.concat([whole.subarray(0, place), more, whole.subarray(place)]);
    });
  const twice = fc.tuple(bytes, fc.nat(), fc.nat()).map(([whole, ...ends]) => {
    const [from, to] = ends.map((end) => end % (whole.length + 1)).sort((one, other) => one - other) as [
      number,
      number,
    ];
    return Buffer.concat([whole.subarray(0, to), whole.subarray(from)]);
  });
  return fc.oneof(cut, flipped(bytes), longer, twice);
}

/** All kinds of bytes that may come where a message is expected; `bases`: good ones; `more`: others that are worth a try. */
export function hostile(type: DescMessage, bases: readonly Uint8Array[], more: readonly Bytes[] = []): Bytes {
  const any = fc.oneof(anyMessage(type), ...more);
  const varied = bases.map((base) =>
    fc.oneof(
      { weight: 3, arbitrary: variation(type, base) },
      { weight: 1, arbitrary: variation(type, base, 3) },
    ),
  );
  const shaped = varied.length === 0 ? any : fc.oneof(any, { weight: 3, arbitrary: fc.oneof(...varied) });
  return fc.oneof(
    { weight: 8, arbitrary: shaped },
    { weight: 1, arbitrary: damaged(shaped) },
    { weight: 1, arbitrary: fc.tuple(shaped, unknownField).map((both) => Buffer.concat(both)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
}

const nothing = new Uint8Array();

/** A field with its tag; a list: several of them. */
function anyField(field: DescField, depth: number): Bytes {
  if (field.fieldKind === 'map') {
    const entry = fc.tuple(
      tagged(1, WireType.LengthDelimited, scalars(field.mapKey)),
      mapValue(field, depth),
    );
    return repeated(
      tagged(
        field.number,
        WireType.LengthDelimited,
        entry.map((parts) => delimited(Buffer.concat(parts))),
      ),
    );
  }
  const one = single(field, depth);
  if (field.fieldKind !== 'list') return one;
  // Once in a while more of them than any limit allows.
  const many = fc.tuple(one, fc.constantFrom(257, 1_025)).map(([bytes, times]) => repeat(bytes, times));
  return fc.oneof({ weight: 40, arbitrary: repeated(one) }, { weight: 1, arbitrary: many });
}

const repeated = (one: Bytes): Bytes => fc.array(one, { maxLength: 4 }).map((all) => Buffer.concat(all));
const repeat = (bytes: Uint8Array, times: number): Uint8Array =>
  bytes.length > 200 ? bytes : Buffer.concat(Array.from({ length: times }, () => bytes));

const mapValue = (field: DescField & { fieldKind: 'map' }, depth: number): Bytes =>
  field.mapKind === 'message'
    ? tagged(2, WireType.LengthDelimited, within(field.message, depth))
    : tagged(2, field.mapKind === 'enum' ? WireType.Varint : wireTypeOf(field.scalar), payload(field, depth));

const single = (field: DescField, depth: number): Bytes =>
  tagged(field.number, wireType(field), payload(field, depth));

const wireType = (field: DescField): WireType =>
  field.message ? WireType.LengthDelimited : field.enum ? WireType.Varint : wireTypeOf(field.scalar);

function payload(field: DescField, depth: number): Bytes {
  if (field.message) return within(field.message, depth);
  if (!field.enum) return scalars(field.scalar);
  const declared = field.enum.values.map(({ number }) => BigInt(number));
  return fc.constantFrom(...declared, 99n, 2n ** 31n - 1n, 2n ** 64n - 1n).map(varint);
}

const within = (type: DescMessage, depth: number): Bytes =>
  (depth > 0 ? anyMessage(type, depth - 1) : fc.constant(nothing)).map(delimited);

const tagged = (number: number, wire: WireType, value: Bytes): Bytes =>
  value.map((bytes) => Buffer.concat([varint(BigInt(number * 8 + wire)), bytes]));

function wireTypeOf(type: ScalarType): WireType {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

/** Of any number and wire type, groups included. */
const unknownField: Bytes = fc
  .tuple(fc.integer({ min: 1, max: 2 ** 29 - 1 }), fc.nat(5), fc.uint8Array({ maxLength: 12 }))
  .map(([number, wire, bytes]) =>
    Buffer.concat([
      varint(BigInt(number) * 8n + BigInt(wire)),
      wire === Number(WireType.LengthDelimited) ? delimited(bytes) : bytes,
    ]),
  );

interface Edit {
  readonly arbitrary: Bytes;
  /** Fields within: each is as likely to be edited as any other. */
  readonly weight: number;
}

/** One field of a message as it is written, its tag included. */
interface Part {
  readonly bytes: Uint8Array;
  readonly field: DescField | undefined;
  /** Of a message within. */
  readonly content: Uint8Array | undefined;
}

function oneEdit(type: DescMessage, base: Uint8Array, depth: number): Edit {
  const parts = partsOf(type, base);
  const around = (at: number, value: Bytes): Bytes =>
    value.map((bytes) =>
      Buffer.concat([...parts.slice(0, at), { bytes }, ...parts.slice(at + 1)].map((part) => part.bytes)),
    );
  const edits = parts.map(({ bytes, field, content }, at): Edit => {
    const other: Bytes[] = [fc.constant(nothing), fc.constant(Buffer.concat([bytes, bytes]))];
    if (field) other.push(single(field, 2), single(field, 2), single(field, 2));
    if (content === undefined || !field?.message || depth === 0)
      return { arbitrary: around(at, fc.oneof(...other)), weight: 1 };
    const inner = oneEdit(field.message, content, depth - 1);
    const edited = tagged(field.number, WireType.LengthDelimited, inner.arbitrary.map(delimited));
    const arbitrary = fc.oneof({ arbitrary: edited, weight: inner.weight }, fc.oneof(...other));
    return { arbitrary: around(at, arbitrary), weight: inner.weight + 1 };
  });
  for (const field of type.fields) {
    const more = anyField(field, 2).map((bytes) => Buffer.concat([base, bytes]));
    edits.push({ arbitrary: more, weight: 1 });
  }
  if (edits.length === 0) return { arbitrary: fc.constant(base), weight: 1 };
  return {
    arbitrary: fc.oneof(...edits),
    weight: edits.reduce((sum, { weight }) => sum + weight, 0),
  };
}

function partsOf(type: DescMessage, message: Uint8Array): Part[] {
  const byNumber = new Map(type.fields.map((field) => [field.number, field]));
  const reader = new BinaryReader(message);
  const parts: Part[] = [];
  try {
    while (reader.pos < reader.len) {
      const begin = reader.pos;
      const [number, wire] = reader.tag();
      const field = byNumber.get(number);
      const content = wire === WireType.LengthDelimited ? reader.bytes() : void reader.skip(wire, number);
      parts.push({ bytes: message.subarray(begin, reader.pos), field, content: content || undefined });
    }
  } catch {
    // An edit before has made it unreadable from here on.
    const read = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
    parts.push({ bytes: message.subarray(read), field: undefined, content: undefined });
  }
  return parts;
}
