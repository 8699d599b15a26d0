import { sleep, Unavailable, type WeirError } from '@weir/base';
import { connectAgent } from '@weir/cell';
import { agent, common, policy, telemetry, worker } from '@weir/proto';
import {
  callUnary,
  type ClientClass,
  connect,
  openClientStream,
  openDuplex,
  openServerStream,
  type TlsFiles,
} from '@weir/rpc';
import type { Client } from '@grpc/grpc-js';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { load, report } from '../apps/telemetry/src/report.fixture.ts';
import { type Authority, createAuthority } from '../libs/rpc/src/certificates.fixture.ts';
import { programs } from './support/programs.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const variant = 'mobilenet-v1-0.25-int8';
const cellId = 'hall';

/** Real processes that talk to each other by mutual TLS alone, with throw-away certificates. */
describe('a cell under mutual TLS', () => {
  let authority: Authority;
  const running = programs();
  const state = mkdtempSync(join(tmpdir(), 'weir-tls-state-'));
  const addresses: Record<'policy' | 'telemetry' | 'edge' | 'open' | 'agent' | 'secured', string> = {
    policy: '',
    telemetry: '',
    edge: '',
    open: '',
    agent: '',
    secured: '',
  };

  /** Starts an agent, with its own certificate unless it gets another. */
  let device: (id: string, ...more: string[]) => Promise<string>;

  /** A certificate that says who its holder is. */
  const files = (path: string): Required<Pick<TlsFiles, 'cert' | 'key' | 'ca'>> => {
    const { cert, key } = authority.issue(path.replaceAll('/', '-'), [`spiffe://weir/weir/${path}`]);
    return { cert: cert!, key: key!, ca: authority.ca };
  };
  const flags = ({ cert, key, ca }: TlsFiles, which = 'tls') =>
    Object.entries({ cert, key, ca }).flatMap(([name, file]) => (file ? [`--${which}-${name}=${file}`] : []));

  const start = async (app: string, ...argv: string[]) => (await running.service(app, ...argv)).address;

  beforeAll(async () => {
    authority = createAuthority();
    const node = [`--node-id=edge-1`, `--cell-id=${cellId}`, '--tier=edge', `--variants=${variant}`];
    const service = flags(files('service/policy'));
    [addresses.telemetry, addresses.policy, addresses.open] = await Promise.all([
      start('telemetry', ...flags(files('service/telemetry'))),
      start('policy-service', `--data=${state}`, ...service),
      // Asks nobody for a certificate.
      start('policy-service', ...service.slice(0, 2)),
    ]);
    const reporting = `--telemetry=${addresses.telemetry}`;
    addresses.edge = await start(
      'inference-worker',
      ...node,
      reporting,
      ...flags(files('cell/hall/node/edge-1')),
    );
    device = (id: string, ...more: string[]) =>
      start(
        'device-agent',
        `--device-id=${id}`,
        `--cell-id=${cellId}`,
        `--policy=${addresses.policy}`,
        // It discovers the edge.
        reporting,
        '--local-variants=none',
        ...(more.some((flag) => flag.startsWith('--tls-')) ? [] : flags(files(`cell/hall/device/${id}`))),
        ...more,
      );
    const own = flags(files('cell/hall/device/camera-9'), 'listen-tls');
    [addresses.agent, addresses.secured] = await Promise.all([
      device('camera-7'),
      device('camera-9', ...own),
    ]);
  });

  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    authority[Symbol.dispose]();
    rmSync(state, { recursive: true, force: true });
  });

  const planned = (device: ReturnType<typeof connectAgent>) =>
    vi.waitFor(
      async () => {
        const { policyConnected, directiveVersion } = await device.status();
        expect(policyConnected).toBe(true);
        expect(directiveVersion).toBeGreaterThan(0n);
      },
      { timeout: 15_000, interval: 50 },
    );

  it('answers a frame at the edge, by the policy’s plan, for an application on the device without a certificate', async () => {
    await using device = connectAgent(addresses.agent);
    await planned(device);
    const { placement } = await device.infer({ image });
    expect(placement).toEqual({ tier: common.Tier.EDGE, nodeId: 'edge-1', variant });
  }, 30_000);

  it('gives an agent a port that asks for certificates, which has nothing to do with its own towards services', async () => {
    await using device = connectAgent(addresses.secured, { tls: files('cell/hall/device/camera-9') });
    await planned(device);
    expect((await device.infer({ image })).placement?.nodeId).toBe('edge-1');
    await using neighbour = connectAgent(addresses.secured, { tls: files('cell/hall/device/camera-7') });
    await expect(neighbour.status()).rejects.toMatchObject({ status: 'PERMISSION_DENIED' });
    await expect(neighbour.infer({ image })).rejects.toMatchObject({ status: 'PERMISSION_DENIED' });
    using stranger = createAuthority('Stranger');
    const { ca } = authority;
    for (const tls of [{ ca }, { ca, ...stranger.issue('stranger') }, undefined]) {
      await using nobody = connectAgent(addresses.secured, tls ? { tls } : {});
      await expect(nobody.status()).rejects.toBeInstanceOf(Unavailable);
    }
  }, 30_000);

  /** A client of one of the services, with the certificate of `path`. */
  async function as<C extends Client>(
    path: string,
    [address, type]: [string, ClientClass<C>],
    use: (client: C) => Promise<unknown>,
  ): Promise<WeirError | undefined> {
    await using connection = connect(address, { tls: files(path) });
    return await use(connection.client(type)).then(
      () => undefined,
      (error: WeirError) => error,
    );
  }
  const toPolicy = (): [string, typeof policy.PolicyServiceClient] => [
    addresses.policy,
    policy.PolicyServiceClient,
  ];
  const toTelemetry = (): [string, typeof telemetry.TelemetryClient] => [
    addresses.telemetry,
    telemetry.TelemetryClient,
  ];
  const refused = { status: 'PERMISSION_DENIED', reason: 'NO_RIGHT' };

  it('does not take camera-8 for camera-7, whose session stands', async () => {
    const failure = await as('cell/hall/device/camera-8', toPolicy(), async (client) => {
      using stream = openDuplex(client, client.orchestrate);
      const hello = policy.Hello.fromPartial({ cellId, deviceId: 'camera-7', agentInstanceId: 'stolen' });
      void stream.send({ message: { $case: 'hello', value: hello } });
      for await (const _ of stream);
    });
    expect(failure).toMatchObject({
      ...refused,
      message: expect.stringContaining('the device camera-7 itself') as string,
    });
    await using device = connectAgent(addresses.agent);
    expect((await device.status()).policyConnected).toBe(true);
  });

  it('lets no device, node, or operator of another cell steer', async () => {
    const objective = {
      cellId,
      objective: common.Objective.fromPartial({ accuracyFloor: 0, deadlineMs: 1_000 }),
    };
    for (const path of [
      'cell/hall/device/camera-8',
      'cell/hall/node/edge-1',
      'cell/yard/operator/eve',
      'service/console',
    ]) {
      const attempts = [
        as(path, toPolicy(), (client) => callUnary(client, client.setObjective, objective)),
        as(path, toPolicy(), (client) =>
          callUnary(client, client.setLearner, { cellId, learner: 'device-only' }),
        ),
        as(path, toPolicy(), (client) => callUnary(client, client.exportSnapshot, { cellId })),
        as(path, toPolicy(), (client) =>
          callUnary(client, client.importSnapshot, {
            cellId,
            learner: 'planner',
            snapshot: Buffer.from('{}'),
          }),
        ),
        as(path, toPolicy(), async (client) => {
          using epochs = openDuplex(client, client.runEpochs);
          void epochs.send({ cellId, settleTimeoutMs: 0 });
          for await (const _ of epochs);
        }),
      ];
      for (const attempt of attempts) expect([path, await attempt]).toMatchObject([path, refused]);
    }
    const learner = await as('cell/hall/operator/bob', toPolicy(), async (client) => {
      for await (const { learner } of openServerStream(client, client.watchLearner, { cellId }))
        return expect(learner).toBe('planner');
    });
    expect(learner).toBeUndefined();
  });

  it('takes a report from the node alone that it is of', async () => {
    const report = telemetry.ReportRequest.fromPartial({ cellId, nodeId: 'edge-1', tier: common.Tier.EDGE });
    for (const path of [
      'cell/hall/node/edge-2',
      'cell/hall/device/edge-1',
      'cell/yard/node/edge-1',
      'operator/ada',
    ])
      expect([
        path,
        await as(path, toTelemetry(), async (client) => {
          using reports = openClientStream(client, client.report);
          void reports.send(report);
          await reports.finish();
        }),
      ]).toMatchObject([path, refused]);
    const seen = await as('service/console', toTelemetry(), async (client) => {
      await vi.waitFor(async () => {
        const { nodes } = await callUnary(client, client.getCell, { cellId });
        expect(nodes.map(({ report: of }) => of?.nodeId)).toEqual(
          expect.arrayContaining(['edge-1', 'camera-7']),
        );
      });
    });
    expect(seen).toBeUndefined();
  });

  it('sends no frame to whoever Telemetry lists as a worker that its certificate does not name', async () => {
    const nodeId = 'edge-9';
    const listed = report({ cellId, nodeId, load: load({ nodeId }), advertisedAddress: addresses.edge });
    const failure = await as('cell/hall/node/edge-9', toTelemetry(), async (client) => {
      using reports = openClientStream(client, client.report);
      void reports.send(listed);
      await using device = connectAgent(addresses.agent);
      await vi.waitFor(
        async () => {
          const { peerFaults, targets } = await device.status();
          expect(peerFaults).toMatchObject([{ peer: nodeId, cause: 'name' }]);
          expect(targets.find((target) => target.nodeId === nodeId)?.reachable).toBe(false);
        },
        { timeout: 15_000, interval: 50 },
      );
    });
    expect(failure).toBeUndefined();
  });

  it('keeps a worker and an agent of one cell from devices of another', async () => {
    const foreign = 'cell/yard/device/camera-7';
    const toEdge: [string, typeof worker.InferenceWorkerClient] = [
      addresses.edge,
      worker.InferenceWorkerClient,
    ];
    expect(await as(foreign, toEdge, (client) => callUnary(client, client.listVariants, {}))).toMatchObject(
      refused,
    );
    const toAgent: [string, typeof agent.DeviceAgentClient] = [addresses.secured, agent.DeviceAgentClient];
    expect(await as(foreign, toAgent, (client) => callUnary(client, client.getStatus, {}))).toMatchObject(
      refused,
    );
  });

  it('lets nobody steer a policy that cannot know who calls', async () => {
    await using connection = connect(addresses.open, { tls: { ca: authority.ca } });
    const client = connection.client(policy.PolicyServiceClient);
    const change = { cellId, learner: 'device-only' };
    await expect(callUnary(client, client.setLearner, change)).rejects.toMatchObject({
      status: 'UNAUTHENTICATED',
      reason: 'NO_IDENTITY',
    });
  });

  it('tells an agent with the certificate of another device that it may not be this one', async () => {
    const liar = await device('camera-7', ...flags(files('cell/hall/device/camera-8')));
    await using application = connectAgent(liar);
    await vi.waitFor(
      async () => {
        const { policyConnected, peerFaults } = await application.status();
        expect(policyConnected).toBe(false);
        expect(new Map(peerFaults.map(({ peer, cause }) => [peer, cause]))).toEqual(
          new Map([
            ['policy', 'no_right'],
            ['telemetry', 'no_right'],
          ]),
        );
        for (const { text } of peerFaults) expect(text).toMatch(/that takes the device camera-7 itself$/);
      },
      { timeout: 15_000, interval: 100 },
    );
    await using real = connectAgent(addresses.agent);
    expect(await real.status()).toMatchObject({ policyConnected: true, peerFaults: [] });
  }, 30_000);

  it('lets the newer of two agents of one name stand, and tells the older why', async () => {
    await using older = connectAgent(addresses.agent);
    await using newer = connectAgent(await device('camera-7'));
    await planned(newer);
    await vi.waitFor(
      async () => {
        const { policyConnected, peerFaults } = await older.status();
        expect(policyConnected).toBe(false);
        expect(peerFaults).toMatchObject([{ peer: 'policy', cause: 'device_twice' }]);
      },
      { timeout: 15_000, interval: 100 },
    );
    // Without a policy it answers by what it knows.
    expect((await older.infer({ image })).placement?.nodeId).toBe('edge-1');
    // An agent that flaps would be back within 2 s.
    for (const until = Date.now() + 4_000; Date.now() < until; await sleep(200))
      expect((await newer.status()).policyConnected).toBe(true);
  }, 40_000);
});
