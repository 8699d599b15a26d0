import { type ServerInterceptingCallInterface, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { Clock } from '@weir/base';
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';

export interface UnfinishedMessagesOptions {
  readonly clock: Clock;
  /** Time for a message to be whole, and for the first one where a call has no more than that, ms. @default 20 000 */
  readonly timeoutMs?: number | undefined;
  /** Bytes of unfinished messages that the server holds in all. @default 256 MiB */
  readonly mostBytes?: number | undefined;
}

interface Watched {
  readonly call: ServerInterceptingCallInterface;
  readonly inner: Internals;
  readonly needsMessage: boolean;
  /** The message that is being received: another one has other parts. */
  parts: readonly Buffer[];
  since: number;
}

/** How long the status of a call may take to go out, ms. */
const lastWordMs = 500;
/** How often calls are looked at, ms. */
const sweepMs = 250;

/**
 * Ends calls whose message never becomes whole: grpc-js (1.14.7) waits for it for ever and keeps what has come, up to the
 * largest message for each call. Beyond `mostBytes` the connection that holds most of them loses calls first. grpc-js has
 * no public way to see what a call has received, so this file reads private fields of its calls.
 */
export class UnfinishedMessages implements Disposable {
  readonly #options: UnfinishedMessagesOptions;
  readonly #calls = new Set<Watched>();
  readonly #stop: () => void;

  constructor(options: UnfinishedMessagesOptions) {
    this.#options = options;
    this.#stop = options.clock.every(sweepMs, () => this.#sweep());
  }

  /** The first of the server's interceptors. */
  readonly interceptor: ServerInterceptor = ({ requestStream }, call) => {
    const inner = internalsOf(call);
    const { readPartialMessage: parts } = inner.decoder;
    const since = this.#options.clock.now();
    const watched: Watched = { call, inner, needsMessage: !requestStream, parts, since };
    this.#calls.add(watched);
    inner.stream.once('close', () => this.#calls.delete(watched));
    return call as ReturnType<ServerInterceptor>;
  };

  /** Calls that are watched. */
  get size(): number {
    return this.#calls.size;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #sweep(): void {
    const { clock, timeoutMs = 20_000, mostBytes = 256 * 1024 * 1024 } = this.#options;
    const now = clock.now();
    let bytes = 0;
    for (const watched of this.#calls) {
      const { inner, needsMessage } = watched;
      const { readState, readPartialMessage } = inner.decoder;
      const isNew = watched.parts !== readPartialMessage;
      if (isNew) Object.assign(watched, { parts: readPartialMessage, since: now });
      const unfinished = readState !== 0 || (needsMessage && inner.initial(readPartialMessage));
      if (!unfinished) continue;
      bytes += bytesOf(watched);
      if (now - watched.since >= timeoutMs)
        this.#end(watched, status.DEADLINE_EXCEEDED, `a message was not whole within ${timeoutMs} ms`);
    }
    if (bytes > mostBytes) this.#shed(bytes - mostBytes);
  }

  /** Frees at least so many bytes. */
  #shed(bytes: number): void {
    const bySession = Map.groupBy(this.#calls, ({ inner }) => inner.stream.session);
    const held = [...bySession.values()]
      .map((calls) => ({ calls, bytes: calls.reduce((sum, call) => sum + bytesOf(call), 0) }))
      .sort((a, b) => b.bytes - a.bytes);
    let left = bytes;
    for (const { calls } of held)
      for (const watched of calls.sort((a, b) => bytesOf(b) - bytesOf(a))) {
        if (left <= 0) return;
        left -= bytesOf(watched);
        this.#end(watched, status.RESOURCE_EXHAUSTED, 'too many unfinished messages');
      }
  }

  #end(watched: Watched, code: status, details: string): void {
    this.#calls.delete(watched);
    const { stream } = watched.inner;
    watched.call.sendStatus({ code, details, metadata: null });
    // The caller may never end its side. What it sends until then is not kept; closing at once would overtake the status.
    setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), lastWordMs).unref();
  }
}

const bytesOf = ({ inner: { decoder } }: Watched): number =>
  decoder.readState === 0 ? 0 : decoder.readMessageSize - decoder.readMessageRemaining;

interface Decoder {
  /** 0: between messages. */
  readonly readState: number;
  readonly readMessageSize: number;
  readonly readMessageRemaining: number;
  /** A new one for each message. */
  readonly readPartialMessage: readonly Buffer[];
}

interface Internals {
  readonly decoder: Decoder;
  readonly stream: ServerHttp2Stream & { readonly session?: ServerHttp2Session };
  /** Whether these are the parts of no message yet. */
  readonly initial: (parts: readonly Buffer[]) => boolean;
}

function internalsOf(call: ServerInterceptingCallInterface): Internals {
  const { decoder, stream } = call as unknown as Partial<Internals>;
  if (typeof decoder?.readState !== 'number' || !Array.isArray(decoder.readPartialMessage) || !stream)
    throw new Error('This version of @grpc/grpc-js decodes messages elsewhere; see unfinished-messages.ts');
  const first = decoder.readPartialMessage;
  return { decoder, stream, initial: (parts) => parts === first };
}
