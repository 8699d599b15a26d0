/** The messages up to their end; throws the signal's reason when it aborts, and what failed the messages. */
export async function* untilAborted<T>(messages: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  // A new promise for each message: racing a long-lived one would keep every message's reaction for as long.
  let stop: (reason: Error) => void = () => {};
  const onAbort = () => stop(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      signal.throwIfAborted();
      const stopped = new Promise<never>((_resolve, reject) => (stop = reject));
      const result = await Promise.race([iterator.next(), stopped]);
      if (result.done) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
