import { sleep } from '@weir/base';
import { agent, common, inference, worker } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { programs } from './support/programs.ts';
import { type WireTap, wireTap } from './support/wire-tap.ts';

const { DEVICE, EDGE, CLOUD } = common.Tier;
const side = 64;
const colour = [201, 17, 94];
/** As the embedded family normalises them. */
const floats = colour.map((value) => (value - 127.5) / 64);
const float32 = (value: number) => Buffer.from(Float32Array.of(value).buffer);

/** What a frame cannot cross a wire without: a text that its file holds many times, or its pixels as the models take them. */
const text = Buffer.from('a-frame-that-is-nobody-elses-business/');
const reds = Buffer.alloc(128, float32(floats[0]!));
const isOfFrame = (bytes: Buffer) => bytes.includes(text) || bytes.includes(reds);
/** More than any message needs that carries no frame, and less than a tensor. */
const frameBytes = 20_000;

const row = Buffer.concat([Buffer.of(0), Buffer.alloc(3 * side, Buffer.from(colour))]);
/** A picture of one colour, with the text in a chunk that decoders pass over; small, for audits go over slow links with no other. */
const encoded: common.Input = {
  content: {
    $case: 'encodedImage',
    value: pngOf([
      ['IHDR', Buffer.from([0, 0, 0, side, 0, 0, 0, side, 8, 2, 0, 0, 0])],
      ['prIv', Buffer.alloc(4_000, text)],
      ['IDAT', deflateSync(Buffer.concat(Array.from({ length: side }, () => row)))],
      ['IEND', Buffer.alloc(0)],
    ]),
  },
};
const tensorOf = (values: readonly number[]): common.Input => ({
  content: {
    $case: 'tensor',
    value: {
      dataType: common.DataType.FLOAT32,
      shape: [1, 3, side, side],
      data: Buffer.concat(values.map((value) => Buffer.alloc(4 * side * side, float32(value)))),
    },
  },
});
const tensor = tensorOf(floats);
/** No model makes anything of it: whoever is asked fails. */
const nonsense = tensorOf([NaN, NaN, NaN]);

function pngOf(chunks: readonly (readonly [string, Buffer])[]): Buffer {
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const packed = chunks.map(([type, data]) => {
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    const body = Buffer.concat([Buffer.from(type), data]);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  });
  return Buffer.concat([signature, ...packed]);
}

/**
 * Real processes in plain text, with somebody on every wire of the device: to a worker at the edge, to a worker in the cloud that it
 * discovers, to a server of the Open Inference Protocol in the cloud, to policy and Telemetry.
 */
describe('a device whose frames may not go to the cloud', () => {
  const state = mkdtempSync(join(tmpdir(), 'weir-privacy-'));
  const running = programs();
  const servers = new Map<string, string>();
  const taps = new Map<string, WireTap>();
  const patience = { timeout: 60_000, interval: 50 };
  let address: string;

  const start = async (name: string, app: string, ...flags: string[]) => {
    const { address } = await running.service(app, ...flags);
    servers.set(name, address);
    return address;
  };
  const tap = (name: string) => taps.get(name)!;

  beforeAll(async () => {
    for (const name of ['policy', 'telemetry', 'edge-1', 'cloud-1', 'cloud-2'])
      taps.set(name, await wireTap(() => servers.get(name)!));
    const node = (name: string, tier: string, ...flags: string[]) =>
      start(name, 'inference-worker', `--node-id=${name}`, `--tier=${tier}`, ...flags);
    const watched = await start('telemetry', 'telemetry');
    await Promise.all([
      start('policy', 'policy-service', `--data=${state}`),
      // Slower than the device: its frames then go to both, however quick the wires are.
      node('edge-1', 'edge', '--variants=mobilenet-v1-0.75-int8', '--dilation-factor=100'),
      node(
        ...(['cloud-1', 'cloud', '--variants=mobilenet-v1-1.00-fp32', '--dilation-factor=400'] as const),
        `--telemetry=${watched}`,
        `--advertise=${tap('cloud-1').address}`,
      ),
      node('cloud-2', 'cloud', '--variants=mobilenet-v1-1.00-int8'),
    ]);
    address = await start(
      ...([
        'agent',
        'device-agent',
        '--local-variants=mobilenet-v1-0.25-int8',
        '--dilation-factor=20',
      ] as const),
      `--policy=${tap('policy').address}`,
      `--telemetry=${tap('telemetry').address}`,
      `--targets=edge-1=edge@${tap('edge-1').address},cloud-2=cloud@${tap('cloud-2').address};protocol=oip`,
      ...['--allowed-tiers=device,edge', '--accuracy-floor=0.815', '--audits=1', '--hedge-share=1'],
    );
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await Promise.all([...taps.values()].map((each) => each[Symbol.asyncDispose]()));
    rmSync(state, { recursive: true });
  });

  async function ask<T>(use: (client: agent.DeviceAgentClient) => Promise<T>): Promise<T> {
    await using connection = connect(address);
    return await use(connection.client(agent.DeviceAgentClient));
  }
  const infer = (input: common.Input, timeoutMs = 5_000) =>
    ask((client) =>
      callUnary(client, client.infer, {
        input,
        timeoutMs,
        requestId: 'frame',
        wantOutputs: false,
        trace: undefined,
      }),
    );
  const status = () => ask((client) => callUnary(client, client.getStatus, {}));
  /** Asks for it, and waits until the policy has agreed. */
  const allow = (allowedTiers: common.Tier[], over: Partial<common.Objective> = {}) =>
    ask(async (client) => {
      const inForce = async () => (await callUnary(client, client.getObjective, {})).objective!;
      const objective = { ...(await inForce()), allowedTiers, ...over };
      await callUnary(client, client.setObjective, { objective });
      await vi.waitFor(async () => expect(await inForce()).toEqual(objective), patience);
    });

  /** Where `frames` frames, every other one a tensor, were answered. */
  async function send(frames: number): Promise<Set<string>> {
    const places = new Set<string>();
    for (let frame = 0; frame < frames; frame++)
      places.add((await infer(frame % 2 === 0 ? encoded : tensor)).placement!.nodeId);
    return places;
  }
  const framesTo = (name: string, from = 0) => tap(name).messages(from).filter(isOfFrame).length;
  const counts = () => new Map([...taps].map(([name, each]) => [name, each.messages().length]));

  /** Nothing that has gone to the cloud since then is a frame, has room for one, or asks for an inference on one. */
  function expectNoFrames(since: ReadonlyMap<string, number> = new Map()) {
    for (const name of ['policy', 'telemetry', 'cloud-1', 'cloud-2'])
      expect({ name, frames: framesTo(name, since.get(name)) }).toEqual({ name, frames: 0 });
    for (const message of tap('cloud-1').messages(since.get('cloud-1'))) {
      expect(message.length).toBeLessThan(frameBytes);
      expect(worker.StreamInferRequest.decode(message).message?.$case).not.toBe('infer');
    }
    for (const message of tap('cloud-2').messages(since.get('cloud-2')))
      if (message.length >= frameBytes)
        expect(inference.ModelInferRequest.decode(message).id).toMatch(/^trial-/);
  }

  const ejectionOf = async (nodeId: string) =>
    (await status()).targets.find((target) => target.nodeId === nodeId)!.ejection;

  it('is answered and audited on the device and at the edge, while the cloud is known, tried and idle', async () => {
    await vi.waitFor(async () => {
      const { targets, directiveVersion } = await status();
      expect(directiveVersion).toBeGreaterThan(0n);
      const up = targets.filter(({ reachable }) => reachable).map(({ nodeId }) => nodeId);
      expect(up.sort()).toEqual(['cloud-1', 'cloud-2', 'device-1', 'edge-1']);
    }, patience);
    const places = new Set<string>();
    // Audits wait for a moment in which nobody asks, and for a node that says that it is idle, once a second.
    const restful = { ...patience, interval: 1_500 };
    await vi.waitFor(async () => {
      for (const place of await send(4)) places.add(place);
      const { agreed, differed } = (await status()).audits!;
      expect(Number(agreed + differed)).toBeGreaterThan(0);
      expect(places).toEqual(new Set(['device-1', 'edge-1']));
    }, restful);
    expect(framesTo('edge-1')).toBeGreaterThan(0);
    expectNoFrames();
    // Models of other people's servers are tried, with a picture that is nobody's.
    const tried = tap('cloud-2')
      .messages()
      .filter(({ length }) => length >= frameBytes);
    expect(tried).toHaveLength(3);
  }, 150_000);

  it('is seen in the cloud by the same watchers once its frames may go there', async () => {
    await allow([CLOUD], { accuracyFloor: 0.868 });
    await vi.waitFor(async () => {
      await send(2);
      expect(framesTo('cloud-1')).toBeGreaterThanOrEqual(2);
    }, patience);
    await allow([CLOUD], { accuracyFloor: 0 });
    await vi.waitFor(async () => {
      await send(2);
      expect(framesTo('cloud-2')).toBeGreaterThan(0);
    }, patience);
  }, 150_000);

  it('sends no copy of a frame to see whether an ejected worker in the cloud is well again', async () => {
    await allow([CLOUD], { accuracyFloor: 0.868 });
    await vi.waitFor(async () => {
      await infer(nonsense).catch(() => {});
      expect(await ejectionOf('cloud-1')).not.toBe('');
    }, patience);
    const ejectedAt = performance.now();
    await allow([DEVICE, EDGE], { accuracyFloor: 0.83 });
    const before = counts();
    // A probe is due five seconds after an ejection, and goes out with the next frame.
    while (performance.now() - ejectedAt < 5_500) {
      await send(2);
      await sleep(50);
    }
    expectNoFrames(before);
    await allow([DEVICE, EDGE, CLOUD]);
    await vi.waitFor(async () => {
      await send(1);
      expect(framesTo('cloud-1', before.get('cloud-1'))).toBeGreaterThan(0);
    }, patience);
  }, 150_000);
});
