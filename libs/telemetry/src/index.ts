export { type Meter, createNoopMeter } from '@opentelemetry/api';
export { type InferenceFacts, attribute, attributesOf } from './attributes.ts';
export {
  type EnergyProbe,
  type EnergySample,
  type EnergySource,
  type InferenceWork,
  createEnergyProbe,
  energySource,
} from './energy-probe.ts';
export { type HopName, hopNames } from './hop-spans.ts';
export { type Hops, type WorkerTimes, queueOf, sumOfHops } from './hops.ts';
export { type HostFallback, type HostProbe, type HostSample, createHostProbe } from './host-probe.ts';
export { type LinkProbe, type LinkSample, createLinkProbe } from './link-probe.ts';
export { type LookSpan, auditSpanName, lookSpanName } from './look-span.ts';
export { type Metrics, type MetricsOptions, secondsBuckets, startMetrics } from './metrics.ts';
export { type NodeMonitor, type NodeSample, createNodeMonitor } from './node-monitor.ts';
export { type PowerModel, assumedPowerModels, modelPowerW } from './power-model.ts';
export { type ReadText, readTextFile } from './read-text.ts';
export {
  type InferenceSpan,
  inferenceSpanName,
  recordWorkerHops,
  startAudit,
  startInference,
} from './spans.ts';
export { type Tracing, type TracingOptions, startTracing } from './tracing.ts';
