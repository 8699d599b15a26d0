import { type Clock, Cancelled, sleep } from '@weir/base';
import { connectAgent } from './agent-client.ts';

/** Polling period, ms; the agent's own reconnecting waits 100 ms and more. */
const pollMs = 50;

/**
 * Resolves to true once an agent reaches every worker and holds a directive, to false after `withinMs`. Throws Cancelled
 * when the signal aborts.
 */
export async function waitForReady(
  address: string,
  { clock, withinMs, signal }: { clock: Clock; withinMs: number; signal?: AbortSignal | undefined },
): Promise<boolean> {
  await using client = connectAgent(address);
  const giveUpAt = clock.now() + withinMs;
  do {
    if (signal?.aborted) throw new Cancelled('stopped while the cell was starting');
    const { targets, policyConnected, directiveVersion } = await client.status();
    if (policyConnected && directiveVersion > 0n && targets.every(({ reachable }) => reachable)) return true;
    await sleep(pollMs, { clock });
  } while (clock.now() < giveUpAt);
  return false;
}
