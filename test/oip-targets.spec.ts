import { silentLogger } from '@weir/base';
import { type AgentClient, connectAgent, describeCell, type RunningCell, startCell } from '@weir/cell';
import { agent, common } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { reasonName } from '@weir/wire';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { durationsByName, type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const { DEVICE, EDGE, CLOUD } = common.Tier;
const patience = { timeout: 60_000, interval: 100 };

/** Real processes: a slow device, a worker spoken to as ever, and one that is spoken to as any server of the protocol. */
describe('a cell with a cloud of the Open Inference Protocol', () => {
  let receiver: OtlpReceiver;
  let cell: RunningCell;
  let device: AgentClient;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.endpoint);
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '100');
    const description = describeCell({
      objective: { accuracyFloor: 0.86, maxLooks: 1 },
      nodes: [
        { id: 'edge-1', tier: 'edge', slots: 1, dilationFactor: 150 },
        { id: 'cloud-1', tier: 'cloud', slots: 2, dilationFactor: 4, protocol: 'oip' },
      ],
      devices: [{ id: 'device-1', dilationFactor: 300 }],
    });
    cell = await startCell(description, { logger: silentLogger });
    device = connectAgent(cell.devices[0]!.address);
    await reachable('edge-1', 'cloud-1');
  });

  afterAll(async () => {
    await device?.[Symbol.asyncDispose]();
    await cell?.[Symbol.asyncDispose]();
    await receiver?.[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });

  const reachable = (...nodeIds: readonly string[]) =>
    vi.waitFor(async () => {
      const { targets } = await device.status();
      const up = targets.filter((target) => target.reachable).map(({ nodeId }) => nodeId);
      expect(up).toEqual(['device-1', ...nodeIds]);
    }, patience);

  async function allow(...allowedTiers: common.Tier[]): Promise<void> {
    await using connection = connect(cell.devices[0]!.address);
    const client = connection.client(agent.DeviceAgentClient);
    const options = { timeoutMs: 5_000 };
    const { objective } = await callUnary(client, client.getObjective, {}, options);
    await callUnary(client, client.setObjective, { objective: { ...objective!, allowedTiers } }, options);
  }

  async function traced() {
    const traceId = randomBytes(16).toString('hex');
    const answer = await device.infer({ image, traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    const expected = ['agent', 'decode', 'uplink', 'queue', 'decode', 'compute', 'downlink'];
    const ofTrace = () => receiver.spans.filter((span) => span.traceId === traceId);
    await receiver.until(() => ofTrace().length >= expected.length + 2);
    const hops = ofTrace().filter(({ name }) => !name.startsWith('weir.'));
    return { answer, hops, expected };
  }

  it('is answered by each of the three alike', async () => {
    for (const [tier, nodeId] of [
      [DEVICE, 'device-1'],
      [EDGE, 'edge-1'],
      [CLOUD, 'cloud-1'],
    ] as const) {
      await allow(tier);
      const { placement, classification } = await device.infer({ image });
      expect(placement?.nodeId).toBe(nodeId);
      expect(classification?.label).toBe('ankle-boot');
    }
  });

  it('shows in traces the way to the server, its own spans, and what the device did before, which add up', async () => {
    await allow(CLOUD);
    const { answer, hops, expected } = await traced();
    expect(answer.placement?.nodeId).toBe('cloud-1');
    expect(hops.map(({ name }) => name).sort()).toEqual(expected.toSorted());
    const of = (service: string) =>
      hops.filter(({ resource }) => resource['service.name'] === service).map(({ name }) => name);
    expect(of('device-agent').sort()).toEqual(['agent', 'decode', 'downlink', 'uplink']);
    expect(of('inference-worker').sort()).toEqual(['compute', 'decode', 'queue']);
    const total = hops.reduce((sum, { durationMs }) => sum + durationMs, 0);
    expect(Math.abs(total - answer.responseMs)).toBeLessThan(0.05 * answer.responseMs);
    const { uplink, downlink } = durationsByName(hops);
    // The link takes 20 ms each way.
    expect(uplink).toBeGreaterThan(10);
    expect(downlink).toBeGreaterThan(10);
  });

  it('has the learner find out that the server is best, though it is farthest', async () => {
    await allow(DEVICE, EDGE, CLOUD);
    await vi.waitFor(async () => {
      const answers = await Promise.all([1, 2].map(() => device.infer({ image })));
      const { planned, learner, directiveVersion } = await device.status();
      expect({ learner, tier: planned?.tier }).toEqual({ learner: 'planner', tier: CLOUD });
      expect(directiveVersion).toBeGreaterThan(0n);
      const reasons = answers.map(({ placement, decision }) => [
        placement?.nodeId,
        reasonName(decision!.reason),
      ]);
      expect(reasons).toContainEqual(['cloud-1', 'planned']);
    }, patience);
  });

  it('answers elsewhere while the server is gone, and there again once it is back and has been tried', async () => {
    await allow(EDGE, CLOUD);
    cell.kill('cloud-1', 'SIGSTOP');
    await reachable('edge-1');
    expect((await device.infer({ image })).placement?.nodeId).toBe('edge-1');
    cell.kill('cloud-1', 'SIGKILL');
    await reachable('edge-1', 'cloud-1');
    await allow(CLOUD);
    expect((await device.infer({ image })).placement?.nodeId).toBe('cloud-1');
  });
});
