import { type AgentClient, connectAgent } from '@weir/cell';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs, type Started } from './programs.ts';

const image = readFileSync(new URL('../../libs/inference/models/samples/scene-0000.png', import.meta.url));
/** What each device runs itself; the edge has a more accurate one. */
const variants = { device: 'mobilenet-v1-0.25-int8', edge: 'mobilenet-v1-0.50-int8' };

/** Services, workers and agents that nobody supervises, each started by itself, as on one's own machines. */
export interface Fleet extends AsyncDisposable {
  readonly policy: Started;
  readonly telemetry: Started;
  /** `listen`: where it serves; by default at any free address. */
  edge(cellId: string, listen?: string): Promise<Started>;
  /** `flags` of the agent. */
  device(cellId: string, deviceId: string, ...flags: string[]): Promise<Device>;
  /** A console over all of it; gives its URL. */
  console(...flags: string[]): Promise<string>;
}

export interface Device extends Started {
  readonly client: AgentClient;
  /** Sends frames, one after the other, until the fleet is disposed. */
  send(everyMs: number): void;
}

export async function startFleet(): Promise<Fleet> {
  await using stack = new AsyncDisposableStack();
  const state = mkdtempSync(join(tmpdir(), 'weir-fleet-'));
  stack.defer(() => rmSync(state, { recursive: true }));
  const running = stack.use(programs());
  const { service } = running;
  const [telemetry, policy] = await Promise.all([
    service('telemetry'),
    service('policy-service', `--data=${state}`),
  ]);
  const over = new AbortController();
  stack.defer(() => over.abort());
  const fleet = stack.move();
  return {
    policy,
    telemetry,
    edge: (cellId, listen = '127.0.0.1:0') =>
      service(
        'inference-worker',
        `--cell-id=${cellId}`,
        '--node-id=edge-1',
        `--listen=${listen}`,
        `--variants=${variants.edge}`,
        '--max-batch=1',
        `--telemetry=${telemetry.address}`,
      ),
    async device(cellId, deviceId, ...flags) {
      const started = await service(
        'device-agent',
        `--cell-id=${cellId}`,
        `--device-id=${deviceId}`,
        `--local-variants=${variants.device}`,
        '--looks=1',
        `--policy=${policy.address}`,
        `--telemetry=${telemetry.address}`,
        ...flags,
      );
      const client = fleet.use(connectAgent(started.address));
      const send = async (everyMs: number) => {
        while (!over.signal.aborted) {
          // A frame that is refused is what some tests are about.
          await client.infer({ image, timeoutMs: 5_000 }).catch(() => {});
          await new Promise((resolve) => setTimeout(resolve, everyMs));
        }
      };
      return { ...started, client, send: (everyMs) => void send(everyMs) };
    },
    async console(...flags) {
      const { address } = await service(
        'console',
        `--policy=${policy.address}`,
        `--telemetry=${telemetry.address}`,
        ...flags,
      );
      return `http://${address}`;
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await fleet[Symbol.asyncDispose]();
    },
  };
}
