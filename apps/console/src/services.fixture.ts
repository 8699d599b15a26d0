import { silentLogger, sleep } from '@weir/base';
import { agent, common, policy, telemetry } from '@weir/proto';
import { type RpcServer, serve, serverStream, unary } from '@weir/rpc';

/** Scripted services of a small cell. */
export interface Services extends AsyncDisposable {
  readonly address: string;
  readonly asked: { objective?: common.Objective | undefined; learner?: string };
  /** Ends the server, and starts it again at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const objective: common.Objective = {
  accuracyFloor: 0.75,
  deadlineMs: 900,
  meanWeight: 1,
  tailWeight: 0.5,
  energyMsPerJ: 2,
  allowedTiers: [common.Tier.DEVICE, common.Tier.EDGE],
  maxLooks: 2,
};
const load = (nodeId: string, tier: common.Tier) =>
  common.NodeLoad.fromPartial({ nodeId, tier, slots: 2, inService: 1, queued: 3, utilization: 0.5 });
const planned: common.Placement = { tier: common.Tier.EDGE, nodeId: 'edge-1', variant: 'net-0.50-int8' };

export async function startServices(): Promise<Services> {
  const asked: Services['asked'] = {};
  const services = [
    {
      definition: policy.PolicyServiceService,
      implementation: {
        watchLearner: serverStream(async function* (
          _request: policy.WatchLearnerRequest,
          { signal, draining },
        ) {
          const over = AbortSignal.any([signal, draining]);
          while (!over.aborted) {
            yield policy.WatchLearnerResponse.fromPartial({
              learner: asked.learner ?? 'planner',
              outcomes: 120n,
              priorCells: 3n,
              plans: 12n,
              floorRange: { least: 0.6, most: 0.8 },
              predictionError: 0.2,
              objective: asked.objective ?? objective,
              accuracy: {
                audits: { audits: 60n, agreed: 0.93456, promised: 0.95, lowerBound: 0.9, level: 0.95 },
                correction: { shortfall: 0, firsts: [{ variant: 'net-0.50-int8', loss: 1.5, share: 1.234 }] },
              },
              devices: [
                {
                  deviceId: 'device-1',
                  planned,
                  predictedMs: 80,
                  connected: true,
                  balance: 0.5,
                  familyFault: 'its models are others',
                },
              ],
            });
            await sleep(50, { signal: over }).catch(() => {});
          }
          over.throwIfAborted();
        }),
        getObjective: unary(() => ({ objective: asked.objective ?? objective })),
        setObjective: unary((request: policy.SetObjectiveRequest) => {
          asked.objective = request.objective;
          return { objective: request.objective };
        }),
        setLearner: unary(({ learner }: policy.SetLearnerRequest) => {
          asked.learner = learner;
          return { learner };
        }),
      },
    },
    {
      definition: telemetry.TelemetryService,
      implementation: {
        watchCell: serverStream(async function* (_request: telemetry.WatchCellRequest, { signal, draining }) {
          yield telemetry.WatchCellResponse.fromPartial({
            nodes: [
              {
                report: { nodeId: 'edge-1', tier: common.Tier.EDGE, load: load('edge-1', common.Tier.EDGE) },
                liveness: telemetry.Liveness.LIVE,
              },
            ],
          });
          const over = AbortSignal.any([signal, draining]);
          await new Promise((resolve) => over.addEventListener('abort', resolve, { once: true }));
        }),
      },
    },
    {
      definition: agent.DeviceAgentService,
      implementation: {
        getStatus: unary(() =>
          agent.GetStatusResponse.fromPartial({
            deviceId: 'device-1',
            cellId: 'cell-1',
            answered: 40n,
            meanExpectedAccuracy: 0.76,
            measured: { labelled: 20n, right: 0.75, promised: 0.76, lowerBound: 0.5, level: 0.95 },
            policyConnected: true,
            planned,
            peerFaults: [
              { peer: 'edge-1', cause: 'refused', text: 'nobody listens at its address', ageMs: 5_000 },
            ],
            targets: [
              { nodeId: 'device-1', tier: common.Tier.DEVICE, load: load('device-1', common.Tier.DEVICE) },
              {
                nodeId: 'edge-1',
                tier: common.Tier.EDGE,
                reachable: false,
                roundTripMs: 11.26,
                ejection: '5 failures in a row',
                identityFault: 'target edge-1 gets no frames: its worker serves other models',
              },
            ],
          }),
        ),
      },
    },
  ];
  let server: RpcServer | undefined;
  let address = '127.0.0.1:0';
  const start = async () => {
    server = await serve({ listen: address, services, logger: silentLogger, drainGraceMs: 100 });
    ({ address } = server);
    server.setServing(true);
  };
  const stop = async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  };
  await start();
  return {
    get address() {
      return address;
    },
    asked,
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  };
}
