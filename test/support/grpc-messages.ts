const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const frameHeaderBytes = 9;
const messageHeaderBytes = 5;
const dataFrame = 0;
const resetFrame = 3;
const paddedFlag = 0x8;

/**
 * Reads the gRPC messages that pass in one direction of a connection without TLS. It has nothing of the library that the
 * services use, and sees each message once all its bytes are there. Throws for a compressed one.
 */
export class GrpcMessages {
  readonly #onMessage: (stream: number, message: Buffer) => void;
  readonly #streams = new Map<number, Buffer>();
  #unread = Buffer.alloc(0);
  #prefaceLeft: number;

  /** `fromClient`: the direction that begins with HTTP/2's preface. */
  constructor(fromClient: boolean, onMessage: (stream: number, message: Buffer) => void) {
    this.#prefaceLeft = fromClient ? preface.length : 0;
    this.#onMessage = onMessage;
  }

  push(bytes: Buffer): void {
    const skipped = Math.min(this.#prefaceLeft, bytes.length);
    this.#prefaceLeft -= skipped;
    this.#unread = Buffer.concat([this.#unread, bytes.subarray(skipped)]);
    while (this.#unread.length >= frameHeaderBytes) {
      const end = frameHeaderBytes + this.#unread.readUIntBE(0, 3);
      if (this.#unread.length < end) return;
      this.#frame(this.#unread.subarray(0, end));
      this.#unread = this.#unread.subarray(end);
    }
  }

  #frame(frame: Buffer): void {
    const [type, flags] = [frame[3]!, frame[4]!];
    const stream = frame.readUInt32BE(5) & 0x7f_ff_ff_ff;
    if (type === resetFrame) this.#streams.delete(stream);
    if (type !== dataFrame) return;
    const payload = frame.subarray(frameHeaderBytes);
    const padding = flags & paddedFlag ? payload[0]! : undefined;
    const data = padding === undefined ? payload : payload.subarray(1, payload.length - padding);
    let unread = Buffer.concat([this.#streams.get(stream) ?? Buffer.alloc(0), data]);
    while (unread.length >= messageHeaderBytes) {
      if (unread[0] !== 0) throw new Error('a compressed message, which the watcher cannot read');
      const end = messageHeaderBytes + unread.readUInt32BE(1);
      if (unread.length < end) break;
      this.#onMessage(stream, unread.subarray(messageHeaderBytes, end));
      unread = unread.subarray(end);
    }
    this.#streams.set(stream, unread);
  }
}
