import { type Logger, sleep } from '@weir/base';

/** The last spans or metrics of a process, and how long they may take to reach the collector. */
export interface HandOver {
  /** For people, e.g. `spans`. */
  readonly what: string;
  readonly limitMs: number;
  readonly logger: Logger;
}

/** A collector that does not answer must not hold up the end of a process; what is lost is logged, not thrown. */
export async function handOver(flushed: Promise<void>, { what, limitMs, logger }: HandOver): Promise<void> {
  const ended = new AbortController();
  const late = sleep(limitMs, { signal: ended.signal }).then(() => {
    throw new Error(`no answer from the collector within ${limitMs} ms`);
  });
  try {
    await Promise.race([flushed, late]);
  } catch (err) {
    logger.warn({ err }, `The last ${what} could not be handed over.`);
  } finally {
    ended.abort();
    late.catch(() => {});
    flushed.catch(() => {});
  }
}
