import { systemClock } from '@weir/base';
import { extractTraceContext } from '@weir/rpc';
import { startInference, startTracing } from '@weir/telemetry';

/*
 * Draws one inference for each argument, TRACE_ID=HOW, and ends when the collector has them. HOW: `fast`, `slow` (takes
 * 2 s by its spans), `fallback` or `failed`.
 */
await using _tracing = await startTracing({ service: 'emit-traces', flushMs: 10_000 });
for (const argument of process.argv.slice(2)) {
  const [traceId, how] = argument.split('=');
  const responseMs = how === 'slow' ? 2_000 : 5;
  const at = systemClock.now() - responseMs;
  const parent = extractTraceContext({ traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: '' });
  const inference = startInference({ parent, at });
  if (how === 'failed') {
    inference.failed({ at: at + responseMs, status: 'DEADLINE_EXCEEDED' });
    continue;
  }
  const hops = { agentMs: 1, uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs: responseMs - 1, downlinkMs: 0 };
  const reason = how === 'fallback' ? how : 'planned';
  inference.look({ number: 1, at }).answered({ at: at + responseMs, hops, local: true });
  inference.answered({ at: at + responseMs, facts: () => ({ reason }) });
}
