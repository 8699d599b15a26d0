/** Generated code, one namespace a package: `worker.InferRequest`, `common.Placement`. Never edited by hand. */
export * as agent from './gen/weir/agent/v1/agent.ts';
export * as common from './gen/weir/common/v1/common.ts';
export * as health from './gen/grpc/health/v1/health.ts';
export * as inference from './gen/inference/grpc_service.ts';
export * as policy from './gen/weir/policy/v1/policy.ts';
export * as reflection from './gen/grpc/reflection/v1/reflection.ts';
export * as telemetry from './gen/weir/telemetry/v1/telemetry.ts';
export * as worker from './gen/weir/worker/v1/worker.ts';
export { Any } from './gen/google/protobuf/any.ts';
export { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.ts';
export { Status } from './gen/google/rpc/status.ts';
