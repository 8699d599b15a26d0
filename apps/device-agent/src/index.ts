export { type DeviceAgentApp, startDeviceAgent } from './app.ts';
export { type Config, configSpec } from './config.ts';
