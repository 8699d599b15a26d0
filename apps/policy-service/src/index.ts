export { type PolicyServiceApp, type PolicyServiceDeps, startPolicyService } from './app.ts';
export { type Config, configSpec } from './config.ts';
