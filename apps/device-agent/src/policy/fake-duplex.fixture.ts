import { Cancelled, Unavailable } from '@weir/base';
import type { ClientDuplex } from '@weir/rpc';

/** A client's stream without a network: a test says what arrives on it, and sees what was sent. */
export class FakeDuplex<Req, Res> implements ClientDuplex<Req, Res> {
  readonly sent: Req[] = [];
  cancelled = false;
  readonly #arrived: Res[] = [];
  #over: { error?: Error } | undefined;
  #wake: (() => void) | undefined;

  /** The signal cancels it, as that of a real call does. */
  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.cancel(), { once: true });
  }

  /** The peer says something. */
  arrive(message: Res): void {
    this.#arrived.push(message);
    this.#notify();
  }

  /** The stream ends, badly or well. */
  finish(error?: Error): void {
    this.#over ??= error ? { error } : {};
    this.#notify();
  }

  async send(message: Req): Promise<void> {
    if (this.#over) throw new Unavailable('the stream is over');
    this.sent.push(message);
  }

  end(): void {
    this.finish();
  }

  cancel(): void {
    this.cancelled = true;
    this.finish(new Cancelled('cancelled here'));
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Res> {
    for (;;) {
      while (this.#arrived.length > 0) yield this.#arrived.shift()!;
      if (this.#over?.error) throw this.#over.error;
      if (this.#over) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
