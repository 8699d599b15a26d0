import { silentLogger, sleep } from '@weir/base';
import { type AgentClient, connectAgent, describeCell, type RunningCell, startCell } from '@weir/cell';
import { agent, common } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fewVariants } from './support/small-cell.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const { DEVICE, EDGE, CLOUD } = common.Tier;
const deadlineMs = 2_000;
/** In what a late frame says: the device had its try too. */
const triedItselfToo = 'device-1: DEADLINE_EXCEEDED';
const patience = { timeout: 25_000, interval: 50 };

/** How one frame ended, as the application saw it. */
interface Ended {
  readonly tier: common.Tier | undefined;
  readonly error?: Error;
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
      await device.infer({ image, timeoutMs: deadlineMs }).then(
        ({ placement, decision }) => this.ended.push({ tier: placement?.tier, decision }),
        (error: Error) => this.ended.push({ tier: undefined, error }),
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

  /**
   * No frame failed; one that waits beyond its deadline fails. But for one that its device was asked in time as well: where the
   * whole machine stands still for a while, that is later than it usually is.
   */
  expectAllAnswered(): void {
    const failed = this.ended.flatMap(({ error }) => (error === undefined ? [] : [String(error)]));
    const stoodStill = failed.filter((error) => error.includes(triedItselfToo));
    expect(failed).toEqual(stoodStill.slice(0, 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** Beside outages.spec.ts: what the device finds out by itself, with nobody planning it away from a dead target. */
describe('a device whose cell falls apart', () => {
  let cell: RunningCell;
  let device: AgentClient;

  beforeAll(async () => {
    // The device is so slow (220 ms with its smallest model) that it pays to send frames away.
    const description = describeCell({
      nodes: [
        { id: 'edge-1', tier: 'edge', slots: 2, dilationFactor: 20, variants: fewVariants },
        { id: 'cloud-1', tier: 'cloud', slots: 2, dilationFactor: 10, variants: fewVariants },
      ],
      devices: [{ id: 'device-1', dilationFactor: 2_000, variants: fewVariants }],
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

  it('loses no frame when the edge is killed; they move away, and back when it returns', async () => {
    await using application = new Application(device);
    await application.runsOn((tier) => tier === EDGE);
    cell.kill('edge-1', 'SIGKILL');
    await application.runsOn((tier) => tier !== EDGE, 1);
    await application.runsOn((tier) => tier === EDGE);
    application.expectAllAnswered();
    expect(cell.restarts()).toMatchObject({ 'edge-1': 1 });
  });

  it('loses no frame when the edge freezes without a word; they move away, and back when it thaws', async () => {
    await using application = new Application(device);
    await application.runsOn((tier) => tier === EDGE);
    cell.kill('edge-1', 'SIGSTOP');
    await application.runsOn((tier) => tier !== EDGE).finally(() => cell.kill('edge-1', 'SIGCONT'));
    await application.runsOn((tier) => tier === EDGE);
    application.expectAllAnswered();
    const late = application.ended.find(
      ({ decision, error }) => error !== undefined || (decision?.failedAttempts.length ?? 0) > 0,
    );
    expect(late?.decision?.failedAttempts[0] ?? String(late?.error)).toContain('edge-1: DEADLINE_EXCEEDED');
  });

  it('loses no frame when the link to the cloud resets its connections; they move away, and back', async () => {
    await allowTiers([DEVICE, CLOUD]);
    await using application = new Application(device);
    await application.runsOn((tier) => tier === CLOUD);
    await cell.cutNode('cloud-1', 'reset');
    await application.runsOn((tier) => tier === DEVICE);
    await cell.restoreNode('cloud-1');
    await application.runsOn((tier) => tier === CLOUD);
    application.expectAllAnswered();
  });
});
