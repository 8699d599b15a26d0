import type { Role } from './identity.ts';

/** How far a right reaches, from narrow to wide. */
export const reaches = {
  own: "what is the caller's own: its session, its reports, its agent",
  nodes: 'that, and the nodes of its cell',
  cell: 'all of its cell; of every cell for a caller that is of none',
  any: 'concerns nobody in particular',
} as const;
export type Reach = keyof typeof reaches;

/** Who may call an RPC, and how far. `anonymous`: who has no certificate, or one that says nothing that counts here. */
export type Rights = Readonly<Partial<Record<Role | 'anonymous', Reach>>>;

const watch: Rights = { operator: 'cell', console: 'cell' };
const steer: Rights = { operator: 'cell' };
/** Of agents at a worker. Of an application at an agent it is about its own device. */
const infer: Rights = { device: 'nodes', operator: 'cell' };
const seeModels: Rights = { device: 'nodes', operator: 'cell', console: 'cell' };
const everyRole: Rights = {
  device: 'any',
  node: 'any',
  operator: 'any',
  policy: 'any',
  telemetry: 'any',
  console: 'any',
};
const everybody: Rights = { ...everyRole, anonymous: 'any' };

/** What is not in the table nobody may call, nor a role that its RPC does not name. */
export const tableOfRights: Readonly<Record<string, Rights>> = {
  'weir.policy.v1.PolicyService/Orchestrate': { device: 'own' },
  'weir.policy.v1.PolicyService/Decide': { device: 'own', ...watch },
  'weir.policy.v1.PolicyService/GetObjective': { device: 'cell', ...watch },
  'weir.policy.v1.PolicyService/SetObjective': steer,
  'weir.policy.v1.PolicyService/SetLearner': steer,
  'weir.policy.v1.PolicyService/WatchLearner': watch,
  'weir.policy.v1.PolicyService/ExportSnapshot': steer,
  'weir.policy.v1.PolicyService/ImportSnapshot': steer,
  'weir.policy.v1.PolicyService/RunEpochs': steer,
  'weir.policy.v1.PolicyService/DownloadSnapshot': steer,
  'weir.policy.v1.PolicyService/UploadSnapshot': steer,
  'weir.policy.v1.PolicyService/ListSnapshots': steer,
  'weir.policy.v1.PolicyService/RollBackLearner': steer,
  'weir.policy.v1.PolicyService/ListCells': steer,
  'weir.policy.v1.PolicyService/DeleteCell': steer,
  'weir.policy.v1.PolicyService/Backup': steer,
  'weir.policy.v1.PolicyService/TraceDevice': steer,

  'weir.telemetry.v1.Telemetry/Report': { device: 'own', node: 'own' },
  'weir.telemetry.v1.Telemetry/WatchCell': watch,
  'weir.telemetry.v1.Telemetry/GetCell': watch,
  'weir.telemetry.v1.Telemetry/WatchTargets': { device: 'cell', ...watch },
  'weir.telemetry.v1.Telemetry/ListCells': watch,

  'weir.agent.v1.DeviceAgent/StreamInfer': { device: 'own', ...steer },
  'weir.agent.v1.DeviceAgent/Infer': { device: 'own', ...steer },
  'weir.agent.v1.DeviceAgent/GetStatus': { device: 'own', ...watch },
  'weir.agent.v1.DeviceAgent/GetObjective': { device: 'own', ...watch },
  'weir.agent.v1.DeviceAgent/SetObjective': { device: 'own', ...steer },
  'weir.agent.v1.DeviceAgent/ReportTruth': { device: 'own', ...steer },

  'weir.worker.v1.InferenceWorker/StreamInfer': infer,
  'weir.worker.v1.InferenceWorker/Infer': infer,
  'weir.worker.v1.InferenceWorker/ListVariants': seeModels,

  'inference.GRPCInferenceService/ServerLive': everyRole,
  'inference.GRPCInferenceService/ServerReady': everyRole,
  'inference.GRPCInferenceService/ModelReady': seeModels,
  'inference.GRPCInferenceService/ServerMetadata': seeModels,
  'inference.GRPCInferenceService/ModelMetadata': seeModels,
  'inference.GRPCInferenceService/ModelConfig': seeModels,
  'inference.GRPCInferenceService/ModelStatistics': seeModels,
  'inference.GRPCInferenceService/RepositoryIndex': seeModels,
  'inference.GRPCInferenceService/ModelInfer': infer,
  'inference.GRPCInferenceService/ModelStreamInfer': infer,
  'inference.GRPCInferenceService/RepositoryModelLoad': steer,
  'inference.GRPCInferenceService/RepositoryModelUnload': steer,

  // Whether a service is up is what a probe asks, which has no certificate.
  'grpc.health.v1.Health/Check': everybody,
  'grpc.health.v1.Health/Watch': everybody,
  'grpc.health.v1.Health/List': everybody,
  'grpc.reflection.v1.ServerReflection/ServerReflectionInfo': everyRole,
  'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': everyRole,
};
