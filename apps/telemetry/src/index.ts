export { type TelemetryApp, startTelemetry } from './app.ts';
export { type Config, configSpec } from './config.ts';
