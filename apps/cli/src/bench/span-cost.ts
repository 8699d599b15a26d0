import { median } from '@weir/base';
import { extractTraceContext, injectTraceContext } from '@weir/rpc';
import { recordWorkerHops, startInference, startTracing } from '@weir/telemetry';
import { performance } from 'node:perf_hooks';
import { startSpanSink } from './span-sink.ts';
import { tracedTo, withVariables } from './variables.ts';

/** Cost of one frame's spans on agent and worker together, in this process: without the SDK, then with it. */
export async function spanCost(sampled: number): Promise<{ offUs: number; sampledUs: number }> {
  const offUs = spansUs();
  await using sink = await startSpanSink();
  return await withVariables(tracedTo(sink.endpoint, sampled), async () => {
    await using _tracing = await startTracing({ service: 'bench' });
    return { offUs, sampledUs: spansUs() };
  });
}

/** µs per frame, the median of some. */
function spansUs(): number {
  const parent = extractTraceContext(undefined);
  const hops = { agentMs: 1, uplinkMs: 1, queueMs: 1, decodeMs: 1, computeMs: 1, downlinkMs: 1 };
  const facts = { deviceId: 'd', nodeId: 'e', tier: 'edge', variant: 'v', reason: 'planned', responseMs: 6 };
  const times = { queueMs: 1, decodeMs: 1, computeMs: 1, workerMs: 3 };
  const draw = (frames: number) => {
    const from = performance.now();
    for (let drawn = 0; drawn < frames; drawn++) {
      const inference = startInference({ parent, at: from, facts });
      const look = inference.look({ number: 1, at: from });
      const message = injectTraceContext(look.context);
      recordWorkerHops({ parent: extractTraceContext(message), at: from + 5, times, facts });
      look.answered({ at: from + 6, hops, local: false, facts: () => facts });
      inference.answered({ at: from + 6, facts: () => facts });
    }
    return (1_000 * (performance.now() - from)) / frames;
  };
  draw(10_000);
  return median(Array.from({ length: 9 }, () => draw(10_000)));
}
