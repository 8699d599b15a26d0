import { ROOT_CONTEXT } from '@opentelemetry/api';
import { systemClock } from '@weir/base';
import { startInference, startTracing } from '@weir/telemetry';

/** Draws the spans of one local inference and ends; what becomes of them is up to the environment. */
const hops = { agentMs: 1, uplinkMs: 0, queueMs: 0, decodeMs: 1, computeMs: 3, downlinkMs: 0 };
await using _tracing = await startTracing({ service: 'traced-process' });
const at = systemClock.now();
const inference = startInference({ parent: ROOT_CONTEXT, at });
inference.look({ number: 1, at }).answered({ at: at + 5, hops, local: true });
inference.answered({ at: at + 5 });
