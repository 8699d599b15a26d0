import { Unavailable } from '@weir/base';
import { policy, telemetry } from '@weir/proto';
import { callUnary, connect, openClientStream, openServerStream, type Security } from '@weir/rpc';
import { asUsage } from '../as-usage.ts';
import { securityOf } from './flags.ts';

/** Time for one answer, ms. */
const timeoutMs = 5_000;
/** Bytes of one message of an upload. */
const chunkBytes = 256 * 1024;

type Flags = Parameters<typeof securityOf>[0];

/** The calls of an operator on PolicyService; each rejects as the service does, the short ones with Unavailable after 5 s. */
export interface Policy {
  status(): Promise<policy.WatchLearnerResponse>;
  objective(): Promise<policy.GetObjectiveResponse>;
  setObjective(objective: policy.SetObjectiveRequest['objective']): Promise<policy.SetObjectiveResponse>;
  setLearner(learner: string): Promise<void>;
  /** `version`: 0 for what the learner knows now. */
  downloadSnapshot(version: number): Promise<LearnedBytes>;
  uploadSnapshot(snapshot: LearnedBytes): Promise<void>;
  snapshots(): Promise<readonly policy.SnapshotVersion[]>;
  /** `version`: 0 for the newest that no rollback has kept. */
  rollBack(version: number): Promise<policy.RollBackLearnerResponse>;
  trace(deviceId: string, limit: number): Promise<readonly policy.TracedDecision[]>;
  /** This cell, or all where it has no name. */
  cells(): Promise<readonly policy.CellSummary[]>;
  deleteCell(): Promise<policy.DeleteCellResponse>;
  /** A gzip file in parts; as for `cells`. */
  backup(): AsyncIterable<Uint8Array>;
}

/** A learner's snapshot, UTF-8 JSON. */
export interface LearnedBytes {
  readonly learner: string;
  readonly snapshot: Buffer;
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
  // As long as it takes: a policy that is gone is noticed by the connection.
  const unhurried = { signal };
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
    async downloadSnapshot(version) {
      const request = { cellId, version: BigInt(version) };
      let learner = '';
      const chunks: Uint8Array[] = [];
      for await (const part of openServerStream(client, client.downloadSnapshot, request, unhurried)) {
        learner = part.learner;
        chunks.push(part.chunk);
      }
      return { learner, snapshot: Buffer.concat(chunks) };
    },
    async uploadSnapshot({ learner, snapshot }) {
      using upload = openClientStream(client, client.uploadSnapshot, unhurried);
      const send = async (message: policy.UploadSnapshotRequest['message']) => {
        // What it is refused for comes with the answer.
        await upload.send({ message }).catch(() => {});
      };
      await send({ $case: 'start', value: { cellId, learner } });
      for (let at = 0; at < snapshot.length; at += chunkBytes)
        await send({ $case: 'chunk', value: snapshot.subarray(at, at + chunkBytes) });
      await upload.finish();
    },
    snapshots: async () => (await callUnary(client, client.listSnapshots, { cellId }, options)).versions,
    rollBack: (version) =>
      callUnary(client, client.rollBackLearner, { cellId, version: BigInt(version) }, unhurried),
    trace: async (deviceId, limit) =>
      (await callUnary(client, client.traceDevice, { cellId, deviceId, limit }, unhurried)).decisions,
    cells: async () => (await callUnary(client, client.listCells, { cellId }, unhurried)).cells,
    deleteCell: () => callUnary(client, client.deleteCell, { cellId }, unhurried),
    async *backup() {
      for await (const { chunk } of openServerStream(client, client.backup, { cellId }, unhurried))
        yield chunk;
    },
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
