export { type InferenceFacts, attribute, attributesOf } from './attributes.ts';
export {
  type EnergyProbe,
  type EnergySample,
  type EnergySource,
  type InferenceWork,
  createEnergyProbe,
  energySource,
} from './energy-probe.ts';
export { type Hops, type WorkerTimes, queueOf, sumOfHops } from './hops.ts';
export { type HostFallback, type HostProbe, type HostSample, createHostProbe } from './host-probe.ts';
export { type LinkProbe, type LinkSample, createLinkProbe } from './link-probe.ts';
export { type NodeMonitor, type NodeSample, createNodeMonitor } from './node-monitor.ts';
export { type PowerModel, assumedPowerModels, modelPowerW } from './power-model.ts';
export { type ReadText, readTextFile } from './read-text.ts';
export {
  type HopName,
  type InferenceSpan,
  hopNames,
  inferenceSpanName,
  recordWorkerHops,
  startInference,
} from './spans.ts';
export { type Tracing, type TracingOptions, startTracing, wantsExport } from './tracing.ts';
