import { silentLogger, sleep } from '@weir/base';
import { type AgentClient, connectAgent, describeCell, type RunningCell, startCell } from '@weir/cell';
import { agent, common, policy } from '@weir/proto';
import { callUnary, connect, openServerStream } from '@weir/rpc';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const { DEVICE, EDGE, CLOUD } = common.Tier;
const deadlineMs = 2_000;
/** What a busy machine may add between the agent's timer and the caller's clock. */
const slackMs = 300;
const patience = { timeout: 25_000, interval: 50 };

/** How one frame ended, as the application saw it. */
interface Ended {
  readonly tier: common.Tier | undefined;
  readonly waitedMs: number;
  readonly error?: unknown;
  readonly decision?: agent.Decision | undefined;
}

/** An application that sends one frame after the other until stopped. */
class Application implements AsyncDisposable {
  readonly ended: Ended[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(device: AgentClient) {
    this.#running = this.#run(device);
  }

  async #run(device: AgentClient): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const from = performance.now();
      const end = (rest: Omit<Ended, 'waitedMs'>) =>
        this.ended.push({ ...rest, waitedMs: performance.now() - from });
      await device.infer({ image, timeoutMs: deadlineMs }).then(
        ({ placement, decision }) => end({ tier: placement?.tier, decision }),
        (error: unknown) => end({ tier: undefined, error }),
      );
      await sleep(20);
    }
  }

  /** Resolves when the newest `count` frames from here on ran on tiers that `accept` takes. */
  async runsOn(accept: (tier: common.Tier | undefined) => boolean, count = 5): Promise<void> {
    const from = this.ended.length;
    await vi.waitFor(() => {
      const newest = this.ended.slice(from).slice(-count);
      expect(newest.map(({ tier }) => tier)).toHaveLength(count);
      expect(newest.every(({ tier }) => accept(tier))).toBe(true);
    }, patience);
  }

  /** No frame failed and none waited beyond its deadline. */
  expectAllAnswered(): void {
    expect(this.ended.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(Math.max(...this.ended.map(({ waitedMs }) => waitedMs))).toBeLessThan(deadlineMs + slackMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

describe('a device whose cell falls apart', () => {
  let cell: RunningCell;
  let device: AgentClient;

  beforeAll(async () => {
    // The device is so slow (220 ms with its smallest model) that it pays to send frames away.
    const description = describeCell({
      nodes: [
        { id: 'edge-1', tier: 'edge', slots: 2, dilationFactor: 20 },
        { id: 'cloud-1', tier: 'cloud', slots: 2, dilationFactor: 10 },
      ],
      devices: [{ id: 'device-1', dilationFactor: 2_000 }],
    });
    cell = await startCell(description, { logger: silentLogger });
    device = connectAgent(cell.devices[0]!.address);
  });

  afterAll(async () => {
    await device?.[Symbol.asyncDispose]();
    await cell?.[Symbol.asyncDispose]();
  });

  async function allowTiers(allowedTiers: common.Tier[]): Promise<void> {
    await using connection = connect(cell.devices[0]!.address);
    const client = connection.client(agent.DeviceAgentClient);
    const { objective } = await callUnary(client, client.getObjective, {}, { timeoutMs: 5_000 });
    await callUnary(
      client,
      client.setObjective,
      { objective: { ...objective!, allowedTiers } },
      { timeoutMs: 5_000 },
    );
  }

  /** Outcomes that the learner of the cell has learned from. */
  async function learned(): Promise<number> {
    await using connection = connect(cell.policyAddress);
    const client = connection.client(policy.PolicyServiceClient);
    const { cellId } = cell.description;
    for await (const { outcomes } of openServerStream(client, client.watchLearner, { cellId }))
      return Number(outcomes);
    throw new Error('PolicyService said nothing');
  }

  it('loses no frame when the edge is killed; they move away, and back when it returns', async () => {
    await using application = new Application(device);
    await application.runsOn((tier) => tier === EDGE);
    cell.kill('edge-1', 'SIGKILL');
    await application.runsOn((tier) => tier !== EDGE, 1);
    await application.runsOn((tier) => tier === EDGE);
    application.expectAllAnswered();
    expect(cell.restarts()).toMatchObject({ 'edge-1': 1 });
  });

  it('loses no frame while the policy is killed; after its return learning goes on from where it was', async () => {
    await using application = new Application(device);
    await application.runsOn((tier) => tier === EDGE);
    await vi.waitFor(async () => expect((await device.status()).outcomesPending).toBeLessThan(20), patience);
    const [before, versionBefore] = [await learned(), (await device.status()).directiveVersion];
    expect(before).toBeGreaterThan(0);
    cell.kill('policy', 'SIGKILL');
    await vi.waitFor(async () => expect((await device.status()).policyConnected).toBe(false), patience);
    const cutOff = application.ended.length;
    await application.runsOn((tier) => tier !== undefined);
    await vi.waitFor(async () => expect((await device.status()).policyConnected).toBe(true), patience);
    expect(application.ended.length).toBeGreaterThan(cutOff);
    await vi.waitFor(async () => {
      const { directiveVersion, outcomesPending, outcomesDropped } = await device.status();
      expect(directiveVersion).toBeGreaterThan(versionBefore);
      expect(outcomesPending).toBeLessThan(20);
      expect(outcomesDropped).toBe(0n);
    }, patience);
    await vi.waitFor(async () => expect(await learned()).toBeGreaterThan(before), patience);
    application.expectAllAnswered();
  });

  it('counts every outcome once, whatever was sent again', async () => {
    const total = async () => {
      const { answered, failed, outcomesPending } = await device.status();
      return { answered: Number(answered), failed: Number(failed), outcomesPending };
    };
    await vi.waitFor(async () => expect((await total()).outcomesPending).toBe(0), patience);
    // One outcome for each answer, and one for each attempt that failed before it.
    const { answered } = await total();
    const count = await learned();
    expect(count).toBeGreaterThanOrEqual(answered);
    expect(count).toBeLessThan(answered + 10);
  });

  it.each(['blackhole', 'reset'] as const)(
    'loses no frame when the cloud link is cut (%s); they move away, and back',
    async (mode) => {
      await allowTiers([DEVICE, CLOUD]);
      await using application = new Application(device);
      await application.runsOn((tier) => tier === CLOUD);
      await cell.cutNode('cloud-1', mode);
      await application.runsOn((tier) => tier === DEVICE);
      await cell.restoreNode('cloud-1');
      await application.runsOn((tier) => tier === CLOUD);
      application.expectAllAnswered();
      await allowTiers([DEVICE, EDGE, CLOUD]);
    },
  );
});
