export { type DeviceAgentApp, startDeviceAgent } from './app.ts';
export { type Config, configSpec, type TargetAddress } from './config.ts';
