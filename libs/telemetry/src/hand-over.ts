import { type Logger, sleep } from '@weir/base';

/** Flushing of a process's last spans or metrics, and how long it may take. */
export interface HandOver {
  /** For people, e.g. `spans`. */
  readonly what: string;
  readonly limitMs: number;
  readonly logger: Logger;
}

/** Flushes; a dead collector must not delay shutdown, so a failure is logged, not thrown. */
export async function handOver(flushed: Promise<void>, { what, limitMs, logger }: HandOver): Promise<void> {
  const ended = new AbortController();
  const late = sleep(limitMs, { signal: ended.signal }).then(() => {
    throw new Error(`no answer from the collector within ${limitMs} ms`);
  });
  try {
    await Promise.race([flushed, late]);
  } catch (err) {
    logger.warn({ err }, `The last ${what} could not be exported.`);
  } finally {
    ended.abort();
    late.catch(() => {});
    flushed.catch(() => {});
  }
}
