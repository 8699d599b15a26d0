import { type AgentClient, connectAgent } from '@weir/cell';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Mlserver, prepareMlserver } from './mlserver-process.ts';

const python = process.env.WEIR_MLSERVER_PYTHON ?? 'python3';
const image = readFileSync(new URL('../../libs/inference/models/samples/scene-0000.png', import.meta.url));
const agentProgram = fileURLToPath(import.meta.resolve('@weir/device-agent/main'));
const patience = { timeout: 90_000, interval: 250 };
const scene = [-1, 3, 64, 64];

describe('an agent whose cloud is MLServer', () => {
  let server: Mlserver;
  let process_: ChildProcess;
  let device: AgentClient;

  beforeAll(async () => {
    server = await prepareMlserver(python, [
      { name: 'small', variant: 'mobilenet-v1-0.50-int8', shape: scene },
      { name: 'large', variant: 'mobilenet-v1-1.00-fp32' },
      { name: 'other', variant: 'mobilenet-v1-0.75-int8', shape: [-1, 3, 224, 224] },
    ]);
    server.start();
    const models = '0.50-int8:small,1.00-fp32:large,0.75-int8:other,0.25-fp32:nothing';
    const argv = [
      `--targets=cloud-1=cloud@${server.address};protocol=oip;models=${models}`,
      '--local-variants=mobilenet-v1-0.25-int8',
      '--dilation-factor=2000',
      '--hedge-share=0',
      '--looks=1',
      '--log-level=warn',
    ];
    process_ = spawn(process.execPath, [agentProgram, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(process_.stdout!), 'line')) as [string];
    device = connectAgent((JSON.parse(line) as { address: string }).address);
    await served('mobilenet-v1-0.50-int8', 'mobilenet-v1-1.00-fp32');
  });

  afterAll(async () => {
    await device?.[Symbol.asyncDispose]();
    process_?.kill('SIGKILL');
    await server?.[Symbol.asyncDispose]();
  });

  const cloud = async () => (await device.status()).targets.find(({ nodeId }) => nodeId === 'cloud-1')!;
  const served = (...variants: readonly string[]) =>
    vi.waitFor(async () => {
      const { reachable, load } = await cloud();
      const there = load?.services.map(({ variant }) => variant) ?? [];
      expect({ reachable, there }).toEqual({ reachable: true, there: variants });
    }, patience);
  /** Frames also find out whether a server that had failed does well again. */
  const placedAtTheCloud = () =>
    vi.waitFor(async () => {
      const answer = await device.infer({ image });
      expect(answer.placement?.nodeId).toBe('cloud-1');
      return answer;
    }, patience);

  it('sends frames there, which are answered as its own runtime would', async () => {
    const { classification, hops, responseMs } = await placedAtTheCloud();
    expect(classification?.label).toBe('ankle-boot');
    expect(hops!.decodeMs).toBeGreaterThan(0);
    const { agentMs, uplinkMs, queueMs, decodeMs, computeMs, downlinkMs } = hops!;
    const total = agentMs + uplinkMs + queueMs + decodeMs + computeMs + downlinkMs;
    expect(Math.abs(total - responseMs)).toBeLessThan(0.05 * responseMs);
  });

  it('says which models it leaves out, and why', async () => {
    const { identityFault, foreignVariants } = await cloud();
    expect(foreignVariants.toSorted()).toEqual(['mobilenet-v1-0.25-fp32', 'mobilenet-v1-0.75-int8']);
    expect(identityFault).toContain('mobilenet-v1-0.75-int8: its model other takes scene FP32[-1,3,224,224]');
    expect(identityFault).toContain('mobilenet-v1-0.25-fp32: its model nothing is not there');
  });

  it.each(['shape', 'error', 'nan', 'hang'])(
    'answers every frame by itself while the models fail (%s), and there again afterwards',
    async (fault) => {
      await server.fault('small', fault);
      await server.fault('large', fault);
      for (let frame = 0; frame < 8; frame++) {
        const { placement, classification } = await device.infer({ image, timeoutMs: 5_000 });
        expect(classification?.label).toBeTruthy();
        expect(placement?.nodeId).toBe('device-1');
      }
      await server.fault('small', undefined);
      await server.fault('large', undefined);
      await placedAtTheCloud();
    },
    120_000,
  );

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'goes on without it after %s, and with it once it is back',
    async (signal) => {
      if (signal === 'SIGSTOP') void server.kill('SIGSTOP');
      else await server.kill(signal);
      const { placement } = await device.infer({ image, timeoutMs: 20_000 });
      expect(placement?.nodeId).toBe('device-1');
      await vi.waitFor(async () => expect((await cloud()).reachable).toBe(false), patience);
      await server.kill('SIGKILL');
      server.start();
      await placedAtTheCloud();
    },
    120_000,
  );
});
