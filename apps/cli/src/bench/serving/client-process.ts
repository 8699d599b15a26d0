/** The client's process: closed loops, so many requests in flight, against one server at a time. */
import { percentile, quietCollector } from '@weir/base';
import { processorMeter } from '@weir/cell';
import { readFile } from 'node:fs/promises';
import { callerOf, type Caller } from './caller.ts';
import type { Figures } from './figures.ts';
import type { Turn } from './turn.ts';

// Its pauses would count as the server's.
quietCollector();

async function measure(turn: Turn): Promise<Figures> {
  const { concurrency, settleMs, measureMs, input, pid } = turn;
  const bytes =
    'picture' in input
      ? await readFile(input.picture)
      : new Uint8Array(new Float32Array(3 * input.side * input.side).fill(0.3).buffer);
  await using caller: Caller = callerOf(turn, bytes);
  await caller.ready();
  const times: number[] = [];
  let [counting, stopped] = [false, false];
  const loop = async () => {
    while (!stopped) {
      const start = performance.now();
      await caller.infer();
      if (counting) times.push(performance.now() - start);
    }
  };
  const loops = Promise.all(Array.from({ length: concurrency }, loop));
  const after = (ms: number) => Promise.race([loops, new Promise((resolve) => setTimeout(resolve, ms))]);
  try {
    await after(settleMs);
    counting = true;
    const [server, client] = [processorMeter([pid]), processorMeter([process.pid])];
    const used = () => ({ server: server(), client: client() });
    const [before, from] = [used(), performance.now()];
    await after(measureMs);
    // However short a turn is, something must have been answered in it.
    while (times.length === 0) await Promise.race([loops, caller.infer()]);
    const [now, elapsedMs] = [used(), performance.now() - from];
    counting = false;
    const n = times.length;
    return {
      rps: (1_000 * n) / elapsedMs,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      cpuMsPerRequest: (now.server.all - before.server.all) / n,
      mainMsPerRequest: (now.server.main - before.server.main) / n,
      clientCpuMsPerRequest: (now.client.all - before.client.all) / n,
    };
  } finally {
    stopped = true;
    await loops.catch(() => {});
  }
}

process.on('message', (turn: Turn) => {
  measure(turn).then(
    (figures) => process.send!({ figures }),
    (error: unknown) => process.send!({ failure: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
