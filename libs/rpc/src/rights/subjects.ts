import { common, type policy, type telemetry } from '@weir/proto';

/** What a call is about, as far as that is for its caller's rights. */
export interface Subject {
  readonly cellId: string;
  /** The one device that it is about. */
  readonly deviceId?: string | undefined;
  /** The one node that it is about. */
  readonly nodeId?: string | undefined;
  /** Of a server: it is there for the callers of every cell. */
  readonly everyCell?: boolean | undefined;
}

/**
 * Where an RPC's subject is: the agent or worker that serves it, its messages, or nowhere. A message without a subject (only
 * a stream's first one may name it) is about the same as those before.
 */
export type SubjectSource = 'server' | 'nothing' | ((message: unknown) => Subject | undefined);

const inMessage = <M>(subject: (message: M) => Subject | undefined): SubjectSource =>
  subject as (message: unknown) => Subject | undefined;
const inCell = inMessage<{ readonly cellId: string }>(({ cellId }) => ({ cellId }));

/** One row for each RPC of the table of rights. */
export const subjects: Readonly<Record<string, SubjectSource>> = {
  'weir.policy.v1.PolicyService/Orchestrate': inMessage<policy.OrchestrateRequest>(({ message }) => {
    if (message?.$case !== 'hello') return undefined;
    const { cellId, deviceId } = message.value;
    return { cellId, deviceId };
  }),
  'weir.policy.v1.PolicyService/Decide': inMessage<policy.DecideRequest>(({ cellId, deviceId }) => ({
    cellId,
    deviceId,
  })),
  'weir.policy.v1.PolicyService/GetObjective': inCell,
  'weir.policy.v1.PolicyService/SetObjective': inCell,
  'weir.policy.v1.PolicyService/SetLearner': inCell,
  'weir.policy.v1.PolicyService/WatchLearner': inCell,
  'weir.policy.v1.PolicyService/ExportSnapshot': inCell,
  'weir.policy.v1.PolicyService/ImportSnapshot': inCell,
  'weir.policy.v1.PolicyService/RunEpochs': inCell,
  'weir.policy.v1.PolicyService/DownloadSnapshot': inCell,
  'weir.policy.v1.PolicyService/UploadSnapshot': inMessage<policy.UploadSnapshotRequest>(({ message }) =>
    message?.$case === 'start' ? { cellId: message.value.cellId } : undefined,
  ),
  'weir.policy.v1.PolicyService/ListSnapshots': inCell,
  'weir.policy.v1.PolicyService/RollBackLearner': inCell,
  // Without a cell they are about all of them, which is within reach of who is of none.
  'weir.policy.v1.PolicyService/ListCells': inCell,
  'weir.policy.v1.PolicyService/Backup': inCell,
  'weir.policy.v1.PolicyService/DeleteCell': inCell,
  'weir.policy.v1.PolicyService/TraceDevice': inMessage<policy.TraceDeviceRequest>(
    ({ cellId, deviceId }) => ({ cellId, deviceId }),
  ),

  'weir.telemetry.v1.Telemetry/Report': inMessage<telemetry.ReportRequest>(({ cellId, nodeId, tier }) => {
    if (tier === common.Tier.DEVICE) return { cellId, deviceId: nodeId };
    if (tier === common.Tier.EDGE || tier === common.Tier.CLOUD) return { cellId, nodeId };
    // The handler says what is wrong with the tier; until then it is the report of either.
    return { cellId, deviceId: nodeId, nodeId };
  }),
  'weir.telemetry.v1.Telemetry/WatchCell': inCell,
  'weir.telemetry.v1.Telemetry/GetCell': inCell,
  'weir.telemetry.v1.Telemetry/WatchTargets': inCell,
  // About every cell, and so for callers of none.
  'weir.telemetry.v1.Telemetry/ListCells': () => ({ cellId: '' }),

  ...ofServer('weir.agent.v1.DeviceAgent', [
    'StreamInfer',
    'Infer',
    'GetStatus',
    'GetObjective',
    'SetObjective',
    'ReportTruth',
  ]),
  ...ofServer('weir.worker.v1.InferenceWorker', ['StreamInfer', 'Infer', 'ListVariants']),
  ...ofServer('inference.GRPCInferenceService', [
    'ModelReady',
    'ServerMetadata',
    'ModelMetadata',
    'ModelConfig',
    'ModelStatistics',
    'RepositoryIndex',
    'ModelInfer',
    'ModelStreamInfer',
    'RepositoryModelLoad',
    'RepositoryModelUnload',
  ]),

  'inference.GRPCInferenceService/ServerLive': 'nothing',
  'inference.GRPCInferenceService/ServerReady': 'nothing',
  'grpc.health.v1.Health/Check': 'nothing',
  'grpc.health.v1.Health/Watch': 'nothing',
  'grpc.health.v1.Health/List': 'nothing',
  'grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'nothing',
  'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'nothing',
};

function ofServer(service: string, methods: readonly string[]): Record<string, SubjectSource> {
  return Object.fromEntries(methods.map((method) => [`${service}/${method}`, 'server']));
}
