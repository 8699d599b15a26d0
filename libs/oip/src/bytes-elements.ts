/**
 * Elements of a BYTES tensor: each its length, 4 bytes little endian, and then that many bytes. Undefined where the lengths
 * do not come out even, or there are more than `most`.
 */
export function splitElements(data: Uint8Array, most: number): Uint8Array[] | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < data.length) {
    if (elements.length === most || at + 4 > data.length) return undefined;
    const end = at + 4 + view.getUint32(at, true);
    if (end > data.length) return undefined;
    elements.push(data.subarray(at + 4, end));
    at = end;
  }
  return elements;
}

/** The same the other way. */
export function joinElements(elements: readonly Uint8Array[]): Buffer {
  const joined = Buffer.allocUnsafe(elements.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = 0;
  for (const element of elements) {
    at = joined.writeUInt32LE(element.length, at);
    joined.set(element, at);
    at += element.length;
  }
  return joined;
}
