import { type KnownAccuracy, knownAccuracy } from '@weir/cell';
import type { policy } from '@weir/proto';
import { openServerStream } from '@weir/rpc';
import type { Testbed } from './testbed.ts';

/** Follows what a cell knows of its accuracy, until disposed. */
export function watchAccuracy(testbed: Testbed): AsyncDisposable & { readonly known: KnownAccuracy } {
  const { policy: client, cell, signal } = testbed;
  const over = new AbortController();
  const { cellId } = cell.description;
  let newest: policy.CellAccuracy | undefined;
  const stream = openServerStream(
    client,
    client.watchLearner,
    { cellId },
    { signal: AbortSignal.any([signal, over.signal]) },
  );
  const watching = (async () => {
    try {
      for await (const { accuracy } of stream) newest = accuracy;
    } catch (error) {
      if (!over.signal.aborted) throw error;
    }
  })();
  // Whoever disposes hears of it.
  watching.catch(() => {});
  return {
    get known() {
      return knownAccuracy(newest);
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await watching;
    },
  };
}
