/** What a client's connection begins with. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Types of HTTP/2 frames. */
export const [data, headers, reset, settings] = [0, 1, 3, 4];

export function http2Frame(type: number, stream: number, payload: Buffer, flags = 0): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** With the header that tells its length, and whether it is compressed. */
export function grpcMessage(content: Uint8Array | string, compressed = 0): Buffer {
  const bytes = Buffer.from(content as Uint8Array);
  const header = Buffer.alloc(5);
  header[0] = compressed;
  header.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}
