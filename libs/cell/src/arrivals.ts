import { type Clock, type Random, sleep } from '@weir/base';

export interface Arrivals {
  readonly pattern: 'periodic' | 'poisson';
  /** Frames per second, > 0. */
  readonly rate: number;
  /** Frames in all; Infinity until the signal. */
  readonly frames: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the arrivals. */
  readonly signal: AbortSignal;
}

/**
 * Yields at each frame arrival of one device: every 1/rate s from a random phase on, or as a Poisson process. The
 * arrivals do not wait for their consumer: late ones come at once, as a camera's do.
 */
export async function* arrivals({
  pattern,
  rate,
  frames,
  clock,
  random,
  signal,
}: Arrivals): AsyncGenerator<number> {
  const meanGapMs = 1_000 / rate;
  let at = clock.now() + random.uniform() * meanGapMs;
  for (let frame = 0; frame < frames; frame++) {
    if (at > clock.now()) await sleep(at - clock.now(), { clock, signal }).catch(() => {});
    if (signal.aborted) return;
    yield frame;
    at += pattern === 'periodic' ? meanGapMs : random.exponential(meanGapMs);
  }
}
