import { setImmediate } from 'node:timers/promises';

/** Between two pieces of a long computation, which hears no Ctrl-C by itself. Throws the signal's reason once it has aborted. */
export async function breather(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
