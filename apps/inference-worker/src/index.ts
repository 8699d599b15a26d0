export { type InferenceWorkerApp, type InferenceWorkerDependencies, startInferenceWorker } from './app.ts';
export { type Config, configSpec } from './config.ts';
