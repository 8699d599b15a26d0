import { sleep } from '@weir/base';
import { elsewhere } from './best-placement.ts';
import type { Violation } from './checker.ts';
import type { SeenFrame, WireEvent } from './history.ts';

/** How long learning, or recovering, may take, ms: a busy machine is slow. */
export const patienceMs = 120_000;
const lookMs = 250;

/** Waits until every device's newest frames since then are at their best places; resolves to what is not. */
export const atBest = (
  best: ReadonlyMap<string, string>,
  frames: readonly SeenFrame[],
  { since, signal }: { since: number; signal: AbortSignal },
): Promise<readonly Violation[]> =>
  untilNone(() => elsewhere(best, frames, since).map((what) => ({ what })), signal);

/** Waits until PolicyService has acknowledged all that the agents that live have told; resolves to what it has not. */
export const acknowledged = (
  devices: readonly string[],
  wire: readonly WireEvent[],
  signal: AbortSignal,
): Promise<readonly Violation[]> =>
  untilNone(
    () =>
      devices.flatMap((deviceId) => {
        const instance = wire.findLast((event) => event.deviceId === deviceId)?.instance;
        const own = wire.filter((event) => event.instance === instance);
        const sent = Math.max(0, ...own.map((event) => (event.kind === 'sent' ? event.sequence : 0)));
        const through = Math.max(
          0,
          ...own.map((event) => (event.kind === 'acknowledged' ? event.through : 0)),
        );
        return through < sent ? [{ what: `${deviceId}: ${through} of ${sent} outcomes` }] : [];
      }),
    signal,
  );

async function untilNone(
  look: () => readonly Violation[],
  signal: AbortSignal,
): Promise<readonly Violation[]> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const left = look();
    if (left.length === 0 || performance.now() > until) return left;
    await sleep(lookMs, { signal });
  }
}
