import { sleep } from '@weir/base';
import { connectAgent } from '@weir/cell';
import { type agent, policy } from '@weir/proto';
import { connect, openServerStream } from '@weir/rpc';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { otherFamily, otherLabel } from './support/other-family.ts';
import { endProgram, programs } from './support/programs.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const variant = 'mobilenet-v1-0.25-int8';
const ownVariant = 'mobilenet-v1-0.25-fp32';
const patience = { timeout: 60_000, interval: 50 };

/** Real processes with two model families whose variants have the same names. */
describe('two model families of one cell', () => {
  const other = otherFamily();
  const state = mkdtempSync(join(tmpdir(), 'weir-identity-'));
  let running = programs();
  afterEach(async () => {
    await running[Symbol.asyncDispose]();
    running = programs();
  });
  afterAll(() => {
    for (const directory of [other, state]) rmSync(directory, { recursive: true });
  });

  const startWorker = (listen: string, ...flags: string[]) =>
    running.service(
      'inference-worker',
      '--node-id=edge-1',
      '--tier=edge',
      `--variants=${variant}`,
      `--listen=${listen}`,
      ...flags,
    );
  const told = (text: string) => running.logs.filter((line) => line.includes(text));

  it('never mix: a worker that restarts on the other one in mid-stream gives no answer until it is back', async () => {
    const first = await startWorker('127.0.0.1:0');
    const { address } = await running.service(
      'device-agent',
      `--targets=edge-1=edge@${first.address}`,
      // So slow that the edge is the better choice whenever it may be chosen.
      `--local-variants=${ownVariant}`,
      '--dilation-factor=100',
      '--looks=1',
    );
    await using device = connectAgent(address);
    const answers: agent.InferResponse[] = [];
    let streaming = true;
    const stream = (async () => {
      while (streaming) {
        answers.push(await device.infer({ image, timeoutMs: 20_000 }));
        await sleep(20);
      }
    })();
    const next = (count: number, nodeId: string) => {
      const from = answers.length;
      return vi.waitFor(() => {
        const newest = answers.slice(from).filter(({ placement }) => placement?.nodeId === nodeId);
        expect(newest.length).toBeGreaterThanOrEqual(count);
      }, patience);
    };

    await next(5, 'edge-1');
    await endProgram(first.child, 'SIGKILL');
    const second = await startWorker(first.address, '--models', other);
    await vi.waitFor(() => expect(told('gets no frames')).toHaveLength(1), patience);
    const refusedFrom = answers.length + 1;
    await next(10, 'device-1');
    const [, edge] = (await device.status()).targets;
    expect(edge).toMatchObject({
      reachable: false,
      family: { name: 'other-things' },
      foreignVariants: [variant],
      identityFault: expect.stringMatching(/serves other-things .*knows mobilenet-v1-shelf-camera/) as string,
    });
    expect(answers.slice(refusedFrom).map(({ placement }) => placement?.nodeId)).not.toContain('edge-1');

    await endProgram(second.child, 'SIGKILL');
    await startWorker(first.address);
    await next(5, 'edge-1');
    streaming = false;
    await stream;
    const labels = new Set(answers.map(({ classification }) => classification!.label));
    expect([...labels].filter((label) => label.startsWith(otherLabel('')))).toEqual([]);
    expect((await device.status()).targets[1]).toMatchObject({ reachable: true, identityFault: '' });
    expect((await device.status()).failed).toBe(0n);
    expect(told('gets no frames')).toHaveLength(1);
  }, 120_000);

  it('are planned for apart, and each device answers with its own alone', async () => {
    const [policyService, edge] = await Promise.all([
      running.service('policy-service', `--data=${state}`),
      startWorker('127.0.0.1:0'),
    ]);
    const startDevice = async (deviceId: string, ...flags: string[]) => {
      const { address } = await running.service(
        'device-agent',
        `--device-id=${deviceId}`,
        `--policy=${policyService.address}`,
        `--targets=edge-1=edge@${edge.address}`,
        `--local-variants=${ownVariant}`,
        ...flags,
      );
      return connectAgent(address);
    };
    await using regular = await startDevice('regular');
    await vi.waitFor(async () => expect((await regular.status()).policyConnected).toBe(true), patience);
    await using odd = await startDevice('odd', '--models', other);

    /** Frames until some have been answered by a plan that others may have a part in. */
    const answersOf = async (device: typeof odd) => {
      const answers: agent.InferResponse[] = [];
      await vi.waitFor(async () => {
        answers.push(await device.infer({ image, timeoutMs: 20_000 }));
        const planned = answers.filter(({ decision }) => decision?.learner === 'planner');
        expect(planned.length).toBeGreaterThanOrEqual(10);
      }, patience);
      return answers;
    };
    const labels = (answers: readonly agent.InferResponse[]) =>
      answers.map(({ classification }) => classification!.label.startsWith(otherLabel('')));
    const [mine, its] = await Promise.all([answersOf(regular), answersOf(odd)]);
    expect(labels(mine)).not.toContain(true);
    expect(labels(its)).not.toContain(false);
    expect(new Set(its.map(({ placement }) => placement?.nodeId))).toEqual(new Set(['odd']));
    expect((await regular.status()).targets[1]).toMatchObject({ reachable: true, identityFault: '' });

    await using connection = connect(policyService.address);
    const client = connection.client(policy.PolicyServiceClient);
    for await (const { devices } of openServerStream(
      client,
      client.watchLearner,
      { cellId: 'cell-1' },
      { timeoutMs: 10_000 },
    )) {
      const faults = new Map(devices.map(({ deviceId, familyFault }) => [deviceId, familyFault]));
      expect(faults.get('regular')).toBe('');
      expect(faults.get('odd')).toMatch(/other-things .* differs from the cell's, mobilenet-v1-shelf-camera/);
      break;
    }
    expect(told('odd is planned by itself')).toHaveLength(1);
  }, 120_000);
});
