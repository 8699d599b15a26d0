import { describe, expect, it } from 'vitest';
import {
  data,
  grpcMessage as message,
  headers,
  http2Frame,
  preface,
  reset,
  settings,
} from './grpc-bytes.fixture.ts';
import { GrpcMessages } from './grpc-messages.ts';

function read(pieces: readonly Buffer[], fromClient = true): string[] {
  const seen: string[] = [];
  const messages = new GrpcMessages(fromClient, (stream, bytes) =>
    seen.push(`${stream} ${bytes.toString()}`),
  );
  for (const piece of pieces) messages.push(piece);
  return seen;
}

const long = message('a message over two frames');
const conversation = Buffer.concat([
  preface,
  http2Frame(settings, 0, Buffer.alloc(6)),
  http2Frame(headers, 1, Buffer.from('whatever HPACK says')),
  http2Frame(data, 1, Buffer.concat([message('one'), message(''), long.subarray(0, 12)])),
  http2Frame(data, 3, message('of another stream')),
  http2Frame(data, 1, Buffer.concat([Buffer.from([2]), long.subarray(12), Buffer.alloc(2)]), 0x8),
]);
const said = ['1 one', '1 ', '3 of another stream', '1 a message over two frames'];

describe('messages of a gRPC connection', () => {
  it('are read out of frames of several streams, with and without padding', () => {
    expect(read([conversation])).toEqual(said);
    expect(read([conversation.subarray(preface.length)], false)).toEqual(said);
  });

  it('are the same wherever the bytes are broken', () => {
    for (let at = 0; at <= conversation.length; at++)
      expect(read([conversation.subarray(0, at), conversation.subarray(at)])).toEqual(said);
    expect(read([...conversation].map((byte) => Buffer.from([byte])))).toEqual(said);
  });

  it('end with their stream', () => {
    const half = http2Frame(data, 1, long.subarray(0, 12));
    const cancelled = http2Frame(reset, 1, Buffer.alloc(4));
    expect(read([half, cancelled, http2Frame(data, 1, message('anew'))], false)).toEqual(['1 anew']);
  });

  it('are not guessed where they are compressed', () => {
    expect(() => read([http2Frame(data, 1, message('zip', 1))], false)).toThrow(/compressed/);
  });
});
