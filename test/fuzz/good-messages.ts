import fc from 'fast-check';
import { agent, common, health, inference, policy, reflection, telemetry, worker } from '@weir/proto';
import { blotted, variedDocument } from './documents.ts';
import { goodOperatorMessages } from './good-operator-messages.ts';
import { damaged } from './messages.ts';
import type { GoodMessages } from './rpcs.ts';

const variant = 'mobilenet-v1-0.25-int8';
const services = [{ variant, serviceMs: 2, energyJ: 0.01 }];
const edge = { nodeId: 'edge-1', tier: common.Tier.EDGE, slots: 2, utilization: 0.1, services };
const own = { nodeId: 'device-2', tier: common.Tier.DEVICE, slots: 1, services };
const targets = [{ load: edge, roundTripMs: 4, reachable: true }];
const objective = {
  accuracyFloor: 0.8,
  deadlineMs: 10_000,
  meanWeight: 1,
  allowedTiers: [common.Tier.DEVICE, common.Tier.EDGE, common.Tier.CLOUD],
  maxLooks: 2,
  auditShare: 0.01,
};
const placement = { tier: common.Tier.EDGE, nodeId: 'edge-1', variant };
const hops = { agentMs: 0.3, uplinkMs: 2, queueMs: 0.1, decodeMs: 0.5, computeMs: 2, downlinkMs: 1 };
const trace = {
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  tracestate: 'vendor=1',
};
const cellId = 'cell-1';

const hello = policy.Hello.fromPartial({
  cellId,
  deviceId: 'device-2',
  agentInstanceId: 'run-1',
  local: own,
  variants: [
    { name: variant, macs: 41e6, precision: 'int8', accuracy: 0.81, checksum: 'a'.repeat(64) },
    {
      name: 'mobilenet-v1-1.00-fp32',
      macs: 569e6,
      precision: 'fp32',
      accuracy: 0.868,
      checksum: 'b'.repeat(64),
    },
  ],
  targets,
  objective,
  objectiveFields: ['accuracy_floor'],
  looks: {
    version: 'v1',
    pictures: 1_000,
    curves: [
      {
        first: variant,
        second: 'mobilenet-v1-1.00-fp32',
        changed: 0.1,
        steps: [{ marginBelow: 0.3, share: 0.2, gain: 0.04, standardError: 0.003, changed: 0.08 }],
      },
    ],
  },
  family: { name: 'mobilenet-v1', version: '1' },
});
const outcome = {
  sequence: 1n,
  placement,
  directiveVersion: 1n,
  reason: agent.Reason.PLANNED,
  hops,
  responseMs: 6,
  predictedMs: 7,
  energyJ: 0.02,
  expectedAccuracy: 0.81,
  confidence: 0.9,
  margin: 0.8,
  concurrency: 1,
  propensity: 1,
  ageMs: 3,
  batchSize: 1,
};
const measured = {
  labelled: 100n,
  right: 0.83,
  promised: 0.81,
  lowerBound: 0.7,
  level: 0.95,
  firstRight: 0.8,
  variation: 0.01,
  withoutShortfall: 0.83,
};
const orchestrate = {
  hello: request({ $case: 'hello', value: hello }),
  outcomes: request({
    $case: 'outcomes',
    value: policy.OutcomeBatch.fromPartial({
      outcomes: [
        outcome,
        {
          ...outcome,
          sequence: 2n,
          lookedAgain: true,
          lookAgainBelow: 0.9,
          auditProbability: 0.02,
          firstLook: { placement, margin: 0.2, agreed: true },
        },
        { ...outcome, sequence: 3n, failure: 'UNAVAILABLE' },
      ],
      oldestPendingSequence: 1n,
      state: { framesPerSecond: 5, targets, local: own },
    }),
  }),
  state: request({
    $case: 'state',
    value: policy.AgentState.fromPartial({
      balance: { ledgerId: 'ledger-1', balance: 3, cap: 20, debitedTotal: 1, creditedTotal: 2 },
      framesPerSecond: 5,
      targets,
      local: own,
      arrivalVariability: 1,
      measured,
      trials: [
        { canary: variant, canaryLabelled: 10n, canaryRight: 8n, controlLabelled: 9n, controlRight: 8n },
      ],
    }),
  }),
};
function request(message: policy.OrchestrateRequest['message']): Uint8Array {
  return policy.OrchestrateRequest.encode({ message }).finish();
}

const report = telemetry.ReportRequest.encode(
  telemetry.ReportRequest.fromPartial({
    cellId,
    nodeId: 'edge-2',
    tier: common.Tier.EDGE,
    host: { cpuUtilization: 0.3, cpuCount: 2, memoryUsedBytes: 1e9, memoryTotalBytes: 2e9 },
    links: [{ peerNodeId: 'cloud-1', roundTripMs: 20, uplinkBitsPerSecond: 1e7, reachable: true }],
    load: { ...edge, nodeId: 'edge-2' },
    energy: { powerW: 5, energyJ: 100, source: telemetry.EnergySource.MODEL },
    advertisedAddress: '127.0.0.1:9',
  }),
).finish();

const tensor = (side: number): common.Tensor => ({
  shape: [1, side, side, 3],
  dataType: common.DataType.UINT8,
  data: Buffer.alloc(3 * side * side, 7),
});
function inputs(pictures: readonly Uint8Array[]): common.Input[] {
  return [
    ...pictures.map((value): common.Input => ({
      content: { $case: 'encodedImage', value: Buffer.from(value) },
    })),
    { content: { $case: 'tensor', value: tensor(64) } },
    { content: { $case: 'tensors', value: { tensors: [{ name: 'image', tensor: tensor(64) }] } } },
  ];
}

const modelInfer = inference.ModelInferRequest.encode(
  inference.ModelInferRequest.fromPartial({
    modelName: variant,
    id: 'r1',
    inputs: [{ name: 'image', datatype: 'UINT8', shape: [1n, 64n, 64n, 3n] }],
    rawInputContents: [Buffer.alloc(3 * 64 * 64, 9)],
    outputs: [
      {
        name: 'probabilities',
        parameters: { classification: { parameterChoice: { $case: 'int64Param', value: 3n } } },
      },
    ],
  }),
).finish();
const model = inference.ModelReadyRequest.encode({ name: variant, version: '' }).finish();

const served = health.HealthCheckRequest.encode({ service: 'weir.telemetry.v1.Telemetry' }).finish();

const inRepository = inference.RepositoryModelLoadRequest.encode(
  inference.RepositoryModelLoadRequest.fromPartial({ modelName: variant }),
).finish();

const cell = telemetry.GetCellRequest.encode({ cellId }).finish();

/** By the name of the RPC; those that ask for nothing are left out. `pictures`: files of pictures. */
export function goodMessages(
  pictures: readonly Uint8Array[],
  snapshot: policy.ExportSnapshotResponse,
): Readonly<Record<string, GoodMessages>> {
  const { learner } = snapshot;
  const importing = (content: string) =>
    policy.ImportSnapshotRequest.encode({ cellId, learner, snapshot: Buffer.from(content) }).finish();
  const documents = variedDocument(JSON.parse(snapshot.snapshot.toString())).map(
    (document) => JSON.stringify(document) ?? '',
  );
  const snapshots = [documents, blotted(documents)];
  const badPictures = damaged(fc.constantFrom(...pictures)).map((value): common.Input => ({
    content: { $case: 'encodedImage', value: Buffer.from(value) },
  }));
  const atAgent = inputs(pictures).map((input) =>
    agent.InferRequest.fromPartial({ requestId: 'r1', input, timeoutMs: 2_000, trace }),
  );
  const atWorker = inputs(pictures).map((input) =>
    worker.InferRequest.fromPartial({ requestId: 'r1', variant, input, timeoutMs: 2_000, trace }),
  );
  return {
    'weir.policy.v1.PolicyService/Orchestrate': {
      opening: [orchestrate.hello],
      others: [orchestrate.hello, orchestrate.outcomes, orchestrate.state],
    },
    'weir.policy.v1.PolicyService/Decide': {
      others: [policy.DecideRequest.encode({ cellId, deviceId: 'device-1' }).finish()],
    },
    'weir.policy.v1.PolicyService/GetObjective': { others: [cell] },
    'weir.policy.v1.PolicyService/SetObjective': {
      others: [
        policy.SetObjectiveRequest.encode(
          policy.SetObjectiveRequest.fromPartial({ cellId, objective }),
        ).finish(),
      ],
    },
    'weir.policy.v1.PolicyService/SetLearner': {
      others: [policy.SetLearnerRequest.encode({ cellId, learner: 'edge-only' }).finish()],
    },
    'weir.policy.v1.PolicyService/WatchLearner': { others: [cell] },
    'weir.policy.v1.PolicyService/ExportSnapshot': { others: [cell] },
    'weir.policy.v1.PolicyService/ImportSnapshot': {
      more: snapshots.map((each) => each.map(importing)),
      others: [
        policy.ImportSnapshotRequest.encode({ cellId, learner, snapshot: snapshot.snapshot }).finish(),
      ],
    },
    'weir.policy.v1.PolicyService/RunEpochs': {
      others: [policy.RunEpochsRequest.encode({ cellId, settleTimeoutMs: 20 }).finish()],
    },
    ...goodOperatorMessages(cellId, snapshot, snapshots),
    'weir.telemetry.v1.Telemetry/Report': { opening: [report], others: [report] },
    'weir.telemetry.v1.Telemetry/WatchCell': { others: [cell] },
    'weir.telemetry.v1.Telemetry/GetCell': { others: [cell] },
    'weir.telemetry.v1.Telemetry/WatchTargets': { others: [cell] },
    'weir.worker.v1.InferenceWorker/Infer': {
      more: [
        badPictures.map((input) =>
          worker.InferRequest.encode(
            worker.InferRequest.fromPartial({ requestId: 'r1', variant, input, timeoutMs: 2_000 }),
          ).finish(),
        ),
      ],
      others: atWorker.map((message) => worker.InferRequest.encode(message).finish()),
    },
    'weir.worker.v1.InferenceWorker/StreamInfer': {
      others: [
        ...atWorker.map((value) =>
          worker.StreamInferRequest.encode({ message: { $case: 'infer', value } }).finish(),
        ),
        worker.StreamInferRequest.encode({
          message: { $case: 'cancel', value: { requestId: 'r1' } },
        }).finish(),
        worker.StreamInferRequest.encode({
          message: { $case: 'ping', value: { sequence: 1, payload: Buffer.from('ping') } },
        }).finish(),
      ],
    },
    'weir.agent.v1.DeviceAgent/Infer': {
      more: [
        badPictures.map((input) =>
          agent.InferRequest.encode(
            agent.InferRequest.fromPartial({ requestId: 'r1', input, timeoutMs: 2_000 }),
          ).finish(),
        ),
      ],
      others: atAgent.map((message) => agent.InferRequest.encode(message).finish()),
    },
    'weir.agent.v1.DeviceAgent/StreamInfer': {
      others: [
        ...atAgent.map((value) =>
          agent.StreamInferRequest.encode({ message: { $case: 'infer', value } }).finish(),
        ),
        agent.StreamInferRequest.encode({
          message: { $case: 'cancel', value: { requestId: 'r1' } },
        }).finish(),
      ],
    },
    'weir.agent.v1.DeviceAgent/SetObjective': {
      others: [
        agent.SetObjectiveRequest.encode(agent.SetObjectiveRequest.fromPartial({ objective })).finish(),
      ],
    },
    'weir.agent.v1.DeviceAgent/ReportTruth': {
      others: [agent.ReportTruthRequest.encode({ truths: [{ requestId: 'r1', label: 'Coat' }] }).finish()],
    },
    'inference.GRPCInferenceService/ModelReady': { others: [model] },
    'inference.GRPCInferenceService/ModelMetadata': { others: [model] },
    'inference.GRPCInferenceService/ModelConfig': { others: [model] },
    'inference.GRPCInferenceService/ModelStatistics': { others: [model] },
    'inference.GRPCInferenceService/RepositoryIndex': {
      others: [inference.RepositoryIndexRequest.encode({ repositoryName: '', ready: true }).finish()],
    },
    'inference.GRPCInferenceService/RepositoryModelLoad': { others: [inRepository] },
    'inference.GRPCInferenceService/RepositoryModelUnload': { others: [inRepository] },
    'inference.GRPCInferenceService/ModelInfer': { others: [modelInfer] },
    'inference.GRPCInferenceService/ModelStreamInfer': { others: [modelInfer] },
    'grpc.health.v1.Health/Check': { others: [served] },
    'grpc.health.v1.Health/Watch': { others: [served] },
    'grpc.reflection.v1.ServerReflection/ServerReflectionInfo': {
      others: [
        reflection.ServerReflectionRequest.encode({
          host: '',
          messageRequest: { $case: 'fileContainingSymbol', value: 'weir.agent.v1.DeviceAgent' },
        }).finish(),
      ],
    },
  };
}
