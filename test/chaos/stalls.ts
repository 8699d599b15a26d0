import type { Span } from './history.ts';

const tickMs = 20;
/** A tick that is later than this was held up, ms. */
const noticedMs = 30;

/** Notes when this process could not see anything, because it was busy or not scheduled. */
export function watchStalls(): { stop(): readonly Span[] } {
  const stalls: Span[] = [];
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    if (now - last > tickMs + noticedMs) stalls.push({ from: last + tickMs, until: now });
    last = now;
  };
  const timer = setInterval(tick, tickMs).unref();
  return {
    stop() {
      tick();
      clearInterval(timer);
      return stalls;
    },
  };
}
