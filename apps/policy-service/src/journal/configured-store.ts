import type { Clock, Logger } from '@weir/base';
import { natsServersOf, openNatsStore, type openStore, type Store, storeFile } from '@weir/storage';
import { join } from 'node:path';
import { asConfigFault } from '../config-fault.ts';
import type { Config } from '../config.ts';
import { openDataDirectory } from './data-directory.ts';
import { openLasting } from './lasting-store.ts';

/** Time between two tries to open a file whose disk takes nothing, ms. */
export const reopenMs = 5_000;
/** Servers that outcomes are on, where so many are named. */
const mostReplicas = 3;

export interface ConfiguredStoreDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Opens the file, where it is one. */
  readonly open: typeof openStore;
  readonly signal?: AbortSignal | undefined;
  /** Told when a store on other machines takes nothing any more, and when it does again. */
  readonly onReachable: (reachable: boolean) => void;
  /** Told when another process has taken a cell over. */
  readonly onFenced: (cellId: string) => void;
  /** Told when other processes have taken all cells over by now, as far as they can. */
  readonly onCutOff: () => void;
  /** Closes what was opened. */
  readonly closing: AsyncDisposableStack;
}

/**
 * The store of `--store`, or the file in the directory of `--data`. Throws as `openLasting`, and ConfigError
 * for what is wrong with a flag.
 */
export async function openConfiguredStore(
  { data, retention, snapshotVersions: versions, ...config }: Config,
  { clock, logger, open, signal, onReachable, onFenced, onCutOff, closing }: ConfiguredStoreDeps,
): Promise<Store> {
  const common = { clock, logger, retention, versions, ...(signal && { signal }) };
  const nats = natsServersOf(config);
  if (nats) {
    const replicas = config.storeReplicas ?? (nats.servers.length < mostReplicas ? 1 : mostReplicas);
    const told = { onReachable, onFenced, onCutOff };
    return closing.use(
      await openNatsStore({ ...common, ...nats, replicas, shared: true, ...told }).catch(
        asConfigFault('--store'),
      ),
    );
  }
  const { path } = closing.use(await openDataDirectory(data, logger).catch(asConfigFault('--data')));
  return closing.use(await openLasting({ ...common, open, retryMs: reopenMs, path: join(path, storeFile) }));
}
