import { type Clock, FailedPrecondition, type Logger, WeirError } from '@weir/base';
import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { embeddedFamilyDirectory, type Family, loadFamily, manifestFileOf } from './manifest.ts';

export interface WatchOptions {
  /** Folder or manifest of the family. @default the embedded one */
  readonly models?: string | undefined;
  /** As it is in use. */
  readonly family: Family;
  /** Puts another state of the family into use; when it rejects, the one before stays. One at a time. */
  readonly take: (family: Family) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Period of looking at the manifest by its times and size, for changes that nobody announces, ms. @default 2000 */
  readonly pollMs?: number | undefined;
}

/** The events of one change come together, ms. */
const settleMs = 50;

/**
 * Has every change of a family's manifest taken up until it is disposed. A manifest that cannot be used, or not yet, is told
 * once at warn, and looked at again until it can: the family before it goes on.
 */
export function watchFamily({
  models = embeddedFamilyDirectory,
  family,
  take,
  clock,
  logger,
  pollMs = 2_000,
}: WatchOptions): AsyncDisposable {
  const file = manifestFileOf(models);
  let inUse = family;
  let [seen, told, refused]: (string | undefined)[] = [];
  let failures = 0;
  let looking: Promise<void> | undefined;
  let asked = false;
  let stopped = false;

  const tell = (error: unknown, text: string) => {
    const fault = error instanceof Error ? error.message : String(error);
    if (fault === told) return;
    told = fault;
    if (error instanceof WeirError) logger.warn({ models, fault }, `${text}; the family goes on as it was`);
    else logger.error({ models, err: error }, `${text}; the family goes on as it was`);
  };
  const look = async () => {
    const stamp = await stampOf(file);
    // One that could not be read is read again: its model files may be on their way.
    if (stamp === seen && failures === 0) return;
    let next: Family;
    try {
      next = await loadFamily(models);
    } catch (error) {
      seen = stamp;
      // A manifest that is half written is whole at the next look.
      if (++failures > 1) tell(error, 'the changed manifest cannot be used');
      return;
    }
    [seen, failures] = [stamp, 0];
    const text = JSON.stringify(next);
    if (text === JSON.stringify(inUse) || text === refused) return;
    try {
      checkSameKind(inUse, next);
      await take(next);
      [inUse, refused, told] = [next, undefined, undefined];
    } catch (error) {
      refused = text;
      tell(error, 'the changed model family is not taken up');
    }
  };
  const request = () => {
    asked = true;
    looking ??= (async () => {
      while (asked && !stopped) {
        asked = false;
        await look();
      }
    })()
      .catch((error: unknown) => tell(error, 'the model family cannot be watched'))
      .finally(() => (looking = undefined));
  };

  let cancelSettling: (() => void) | undefined;
  const changed = () => {
    cancelSettling?.();
    cancelSettling = clock.after(settleMs, request);
  };
  const stopPolling = clock.every(pollMs, request);
  const stopWatching = watchFolder(dirname(file), changed);
  request();
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      stopWatching();
      stopPolling();
      cancelSettling?.();
      await looking;
    },
  };
}

/** Where the system has no more watches, or the folder goes, polling has to do. */
function watchFolder(folder: string, onChange: () => void): () => void {
  try {
    const watcher = watch(folder, { persistent: false }, (_, name) => {
      // The folder, not the file: a rename puts another file in its place.
      if (name === null || name.endsWith('.json')) onChange();
    });
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}

/** Changes whenever the file does; undefined when there is none. */
async function stampOf(file: string): Promise<string | undefined> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  return found && [found.ino, found.size, found.mtimeNs].join(' ');
}

/** @throws FailedPrecondition for what answers another question: applications have been told the labels */
function checkSameKind(before: Family, next: Family): void {
  const taskOf = ({ variants }: Family) => variants[0]?.task ?? 'classification';
  const what =
    before.name !== next.name
      ? `another family, ${next.name} instead of ${before.name}`
      : before.labels.join('\n') !== next.labels.join('\n')
        ? 'a family with other labels'
        : taskOf(before) !== taskOf(next)
          ? 'a family for another task'
          : undefined;
  if (what !== undefined)
    throw new FailedPrecondition(`the manifest now describes ${what}: restart to serve that`);
}
