import { Unavailable } from '@weir/base';
import { policy, telemetry } from '@weir/proto';
import { callUnary, connect, openServerStream, type Security } from '@weir/rpc';
import { asUsage } from '../as-usage.ts';
import { securityOf } from './flags.ts';

/** Time for one answer, ms. */
const timeoutMs = 5_000;

type Flags = Parameters<typeof securityOf>[0];

/** The calls of an operator on PolicyService; each rejects as the service does, or with Unavailable after 5 s. */
export interface Policy {
  status(): Promise<policy.WatchLearnerResponse>;
  objective(): Promise<policy.GetObjectiveResponse>;
  setObjective(objective: policy.SetObjectiveRequest['objective']): Promise<policy.SetObjectiveResponse>;
  setLearner(learner: string): Promise<void>;
  exportSnapshot(): Promise<policy.ExportSnapshotResponse>;
  importSnapshot(snapshot: policy.ExportSnapshotResponse): Promise<void>;
}

/** Connects, uses and disconnects. `command`: whose flags are at fault when the connection cannot even be tried. */
export async function withPolicy<Value>(
  command: string,
  config: Flags & { readonly policy: string; readonly cellId: string },
  signal: AbortSignal,
  use: (policy: Policy) => Promise<Value>,
): Promise<Value> {
  const { cellId } = config;
  await using connection = await connected(command, '--policy', config.policy, securityOf(config));
  const client = connection.client(policy.PolicyServiceClient);
  const options = { timeoutMs, signal };
  return await use({
    async status() {
      for await (const status of openServerStream(client, client.watchLearner, { cellId }, options))
        return status;
      throw new Unavailable('PolicyService gave no status');
    },
    objective: () => callUnary(client, client.getObjective, { cellId }, options),
    setObjective: (objective) => callUnary(client, client.setObjective, { cellId, objective }, options),
    setLearner: async (learner) =>
      void (await callUnary(client, client.setLearner, { cellId, learner }, options)),
    exportSnapshot: () => callUnary(client, client.exportSnapshot, { cellId }, options),
    importSnapshot: async (snapshot) =>
      void (await callUnary(client, client.importSnapshot, { cellId, ...snapshot }, options)),
  });
}

/** The nodes of a cell as Telemetry knows them. */
export async function nodesOf(
  command: string,
  config: Flags & { readonly telemetry: string; readonly cellId: string },
  signal: AbortSignal,
): Promise<readonly telemetry.NodeState[]> {
  await using connection = await connected(command, '--telemetry', config.telemetry, securityOf(config));
  const client = connection.client(telemetry.TelemetryClient);
  const { nodes } = await callUnary(client, client.getCell, { cellId: config.cellId }, { timeoutMs, signal });
  return nodes;
}

const connected = (command: string, flag: string, address: string, security: Security) =>
  asUsage(command, flag, async () => connect(address, security));
