import {
  AlreadyExists,
  Cancelled,
  FailedPrecondition,
  Internal,
  InvalidInput,
  loadConfig,
  NotFound,
  ResourceExhausted,
  silentLogger,
  Unavailable,
} from '@weir/base';
import { agent, common } from '@weir/proto';
import { callUnary, type ClientDuplex, checkHealth, connect, fromStatus, openDuplex } from '@weir/rpc';
import { limits } from '@weir/wire';
import { Metadata } from '@grpc/grpc-js';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startDeviceAgent } from './app.ts';
import { configSpec } from './config.ts';
import { startScriptedWorker } from './targets/scripted-worker.fixture.ts';

const variant = 'mobilenet-v1-0.25-int8';
const { EDGE, DEVICE } = common.Tier;
const { FALLBACK } = agent.Reason;
/** A gray pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAADElEQVQI12NoaGgAAAMEAYGa8M1PAAAAAElFTkSuQmCC',
  'base64',
);

/** Far longer than it takes: a busy machine must not fail a test. */
const waitFor = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000 });

let cleanUps: (() => PromiseLike<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

const startEdge = async (
  listen = '127.0.0.1:0',
  nodeId = 'edge-1',
  serves: { variant: string; serviceMs?: number } = { variant },
) => {
  const edge = await startScriptedWorker({ nodeId, tier: EDGE, listen, instanceId: nodeId, ...serves });
  cleanUps.push(() => edge[Symbol.asyncDispose]());
  return edge;
};

/** An agent whose own processor is so slow (240 ms a frame) that the edge is the better choice on a busy machine too. */
async function startAgent({
  edge,
  flags = [],
  local = variant,
}: { edge?: string; flags?: string[]; local?: string } = {}) {
  const argv = [`--local-variants=${local}`, '--dilation-factor=2000', '--grace-ms=3000', ...flags];
  if (edge) argv.push(`--targets=edge-1=edge@${edge}`);
  const app = await startDeviceAgent(loadConfig(configSpec, { argv, env: {} }), { logger: silentLogger });
  const connection = connect(app.address);
  const stop = () => app[Symbol.asyncDispose]();
  cleanUps.push(stop, async () => connection[Symbol.asyncDispose]());
  const client = connection.client(agent.DeviceAgentClient);
  const status = () => callUnary(client, client.getStatus, {}, { timeoutMs: 5_000 });
  const reaches = (reachable: boolean) =>
    waitFor(async () => {
      const target = (await status()).targets.find(({ nodeId }) => nodeId === 'edge-1');
      expect(target?.reachable).toBe(reachable);
    });
  if (edge) await reaches(true);
  return {
    app,
    stop,
    connection,
    client,
    status,
    reaches,
    infer: (over: Partial<agent.InferRequest> = {}, metadata?: Metadata) =>
      callUnary(client, client.infer, frame('f', over), { timeoutMs: 10_000, metadata }),
    stream: () => openDuplex(client, client.streamInfer),
    reportTruth: (...told: (readonly [requestId: string, label: string])[]) =>
      callUnary(
        client,
        client.reportTruth,
        { truths: told.map(([requestId, label]) => ({ requestId, label })) },
        { timeoutMs: 5_000 },
      ),
  };
}

/** An address without a listener. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

const frame = (requestId: string, over: Partial<agent.InferRequest> = {}): agent.InferRequest => ({
  requestId,
  input: { content: { $case: 'encodedImage', value: pixel } },
  timeoutMs: 0,
  trace: undefined,
  wantOutputs: false,
  ...over,
});

type Stream = ClientDuplex<agent.StreamInferRequest, agent.StreamInferResponse>;
const send = (stream: Stream, ...frames: agent.InferRequest[]) =>
  Promise.all(frames.map((value) => stream.send({ message: { $case: 'infer', value } })));

/** The next `count` messages of a stream: the tier of an answer, or the error of a failure, by request id. */
async function take(stream: Stream, count: number): Promise<Map<string, unknown>> {
  const taken = new Map<string, unknown>();
  const messages = stream[Symbol.asyncIterator]();
  while (taken.size < count) {
    const { message } = ((await messages.next()) as IteratorYieldResult<agent.StreamInferResponse>).value;
    if (message?.$case === 'result') taken.set(message.value.requestId, message.value.placement?.tier);
    if (message?.$case === 'failure') taken.set(message.value.requestId, fromStatus(message.value.status!));
  }
  return taken;
}

describe('device agent', () => {
  it('serves without policy and without any target, from its own variants', async () => {
    const { infer, connection, status } = await startAgent({ flags: ['--policy=127.0.0.1:1'] });
    expect(await checkHealth(connection, { service: 'weir.agent.v1.DeviceAgent' })).toBe('SERVING');
    const answer = await infer();
    expect(answer).toMatchObject({
      requestId: 'f',
      placement: { tier: DEVICE, nodeId: 'device-1', variant },
      decision: { reason: FALLBACK, directiveVersion: 0n, failedAttempts: [] },
      hops: { uplinkMs: 0, downlinkMs: 0 },
      looks: [{ placement: { tier: DEVICE, variant }, failure: '' }],
    });
    expect(answer.hops!.computeMs).toBeGreaterThan(100);
    expect(answer.energyJ).toBeGreaterThan(0);
    expect(answer.classification?.label).not.toBe('');
    expect(await status()).toMatchObject({
      answered: 1n,
      failed: 0n,
      inFlight: 0,
      policyConnected: false,
      localVariants: [variant],
      outcomesPending: 1,
      instanceId: expect.stringMatching(/./) as string,
      frames: { answered: [{ placement: { tier: DEVICE, variant }, reason: FALLBACK, frames: 1n }] },
      newest: [{ placement: { tier: DEVICE, variant }, reason: FALLBACK }],
      floor: { obeysPlan: false, pinnedVariant: '', refusal: '' },
    });
  });

  it('knows a worker by the name of its target, and says what the worker calls itself', async () => {
    const edge = await startEdge('127.0.0.1:0', 'worker-1');
    const { infer, status } = await startAgent({ edge: edge.address });
    expect((await infer()).placement).toEqual({ tier: EDGE, nodeId: 'edge-1', variant });
    const target = (await status()).targets[1];
    expect(target).toMatchObject({
      nodeId: 'edge-1',
      load: { nodeId: 'edge-1' },
      workerNodeId: 'worker-1',
    });
    expect(target?.identityFault).toContain('--node-id edge-1');
  });

  it('uses a worker behind two targets once, and says so', async () => {
    const edge = await startEdge();
    const { infer, status } = await startAgent({
      flags: [`--targets=edge-1=edge@${edge.address},edge-2=edge@${edge.address}`],
    });
    await waitFor(async () => {
      const [, first, second] = (await status()).targets;
      expect(first).toMatchObject({ nodeId: 'edge-1', reachable: true, identityFault: '' });
      expect(second).toMatchObject({ nodeId: 'edge-2', reachable: false });
      expect(second?.identityFault).toMatch(/the same worker answers as target edge-1/);
    });
    expect((await infer()).placement).toMatchObject({ nodeId: 'edge-1' });
  });

  it('sends a frame where it is answered sooner, and reports where the time went', async () => {
    const edge = await startEdge();
    const { infer } = await startAgent({ edge: edge.address });
    const answer = await infer();
    expect(answer.placement).toEqual({ tier: EDGE, nodeId: 'edge-1', variant });
    const { agentMs, uplinkMs, queueMs, decodeMs, computeMs, downlinkMs } = answer.hops!;
    expect(agentMs + uplinkMs + queueMs + decodeMs + computeMs + downlinkMs).toBeCloseTo(
      answer.responseMs,
      6,
    );
    expect(edge.received[0]?.input?.content?.value).toEqual(pixel);
    expect(answer.energyJ).toBeGreaterThanOrEqual(0.25);
    expect(answer.expectedAccuracy).toBeGreaterThan(0.5);
  });

  it('answers a frame itself when the stream to its target breaks, and reconnects', async () => {
    const edge = await startEdge();
    const { stream, reaches, status } = await startAgent({ edge: edge.address });
    edge.script = 'hold';
    using frames = stream();
    await send(frames, frame('a'));
    await waitFor(() => expect(edge.received).toHaveLength(1));
    edge.breakStreams();
    expect(await take(frames, 1)).toEqual(new Map([['a', DEVICE]]));
    edge.script = 'answer';
    await reaches(true);
    await send(frames, frame('b'));
    expect(await take(frames, 1)).toEqual(new Map([['b', EDGE]]));
    expect(await status()).toMatchObject({ answered: 2n, failed: 0n });
  });

  it('says which targets failed a frame', async () => {
    const edge = await startEdge();
    const { infer } = await startAgent({ edge: edge.address });
    edge.script = { fail: new ResourceExhausted('full') };
    expect((await infer()).decision).toMatchObject({
      reason: FALLBACK,
      failedAttempts: ['edge-1: RESOURCE_EXHAUSTED'],
    });
  });

  it('keeps its frames from a target that keeps failing, and says so in its status', async () => {
    const edge = await startEdge();
    const { infer, status } = await startAgent({ edge: edge.address });
    edge.script = { fail: new Internal('broken') };
    for (let at = 0; at < 6; at++) expect((await infer()).placement?.tier).toBe(DEVICE);
    expect(edge.received).toHaveLength(5);
    expect((await status()).targets[1]).toMatchObject({
      nodeId: 'edge-1',
      reachable: false,
      ejection: '5 failures in a row',
    });
  });

  it('leaves a target that does not answer early enough to answer itself before the deadline', async () => {
    const edge = await startEdge();
    // Slower still, so that twice its own time leaves a busy machine room.
    const { infer } = await startAgent({ edge: edge.address, flags: ['--dilation-factor=4000'] });
    edge.script = 'hold';
    const answer = await infer({ timeoutMs: 3_000 });
    expect(answer.placement?.tier).toBe(DEVICE);
    expect(edge.cancelled).toHaveLength(1);
  });

  it('refuses at once a frame that cannot be answered in time, and says when to try again', async () => {
    const { infer, status } = await startAgent({ flags: ['--dilation-factor=4000'] });
    await expect(infer({ timeoutMs: 300 })).rejects.toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      reason: 'DEADLINE_UNREACHABLE',
      retryAfterMs: expect.any(Number) as number,
    });
    expect(await status()).toMatchObject({ answered: 0n, failed: 1n });
  });

  it('cancels a frame at the worker when the application cancels it', async () => {
    const edge = await startEdge();
    const { stream } = await startAgent({ edge: edge.address });
    edge.script = 'hold';
    using frames = stream();
    await send(frames, frame('a'));
    await waitFor(() => expect(edge.received).toHaveLength(1));
    await frames.send({ message: { $case: 'cancel', value: { requestId: 'a' } } });
    expect((await take(frames, 1)).get('a')).toBeInstanceOf(Cancelled);
    await waitFor(() => expect(edge.cancelled).toHaveLength(1));
  });

  it('cancels all frames of an application that leaves', async () => {
    const edge = await startEdge();
    const { stream, status } = await startAgent({ edge: edge.address });
    edge.script = 'hold';
    const frames = stream();
    await send(frames, frame('a'), frame('b'));
    await waitFor(() => expect(edge.received).toHaveLength(2));
    frames.cancel();
    await waitFor(() => expect(edge.cancelled).toHaveLength(2));
    await waitFor(async () => expect((await status()).inFlight).toBe(0));
  });

  it('fails each bad frame alone, naming the field, and the stream lives', async () => {
    const edge = await startEdge();
    const { stream } = await startAgent({ edge: edge.address });
    using frames = stream();
    await frames.send({ message: undefined });
    const nothing = (await take(frames, 1)).get('');
    expect(nothing).toBeInstanceOf(InvalidInput);
    await send(frames, frame(''));
    expect((await take(frames, 1)).get('')).toMatchObject({ violations: [{ field: 'request_id' }] });
    await send(frames, frame('no-input', { input: undefined }), frame('late', { timeoutMs: -1 }));
    const bad = await take(frames, 2);
    expect(bad.get('no-input')).toMatchObject({ violations: [{ field: 'input' }] });
    expect(bad.get('late')).toMatchObject({ violations: [{ field: 'timeout_ms' }] });
    await send(frames, frame('good'));
    expect(await take(frames, 1)).toEqual(new Map([['good', EDGE]]));
  });

  it('refuses an id that is in flight already and answers the first', async () => {
    const edge = await startEdge();
    const { stream, status } = await startAgent({ edge: edge.address });
    edge.script = 'hold';
    using frames = stream();
    await send(frames, frame('a'), frame('a'));
    expect((await take(frames, 1)).get('a')).toMatchObject({ violations: [{ field: 'request_id' }] });
    expect(await status()).toMatchObject({ failed: 0n });
    await waitFor(() => expect(edge.received).toHaveLength(1));
    edge.release();
    expect(await take(frames, 1)).toEqual(new Map([['a', EDGE]]));
  });

  it('refuses an invalid picture with INVALID_ARGUMENT', async () => {
    const { infer } = await startAgent();
    const input: common.Input = { content: { $case: 'encodedImage', value: Buffer.from('no picture') } };
    await expect(infer({ input })).rejects.toBeInstanceOf(InvalidInput);
  });

  it('refuses a single call beyond its limit, and lets the frames of streams wait for their turn', async () => {
    const edge = await startEdge();
    const { stream, infer, status } = await startAgent({
      edge: edge.address,
      flags: ['--max-in-flight=2'],
    });
    edge.script = 'hold';
    using first = stream();
    using second = stream();
    await send(first, frame('a'), frame('b'), frame('c'));
    await waitFor(() => expect(edge.received).toHaveLength(2));
    await send(second, frame('d'));
    await expect(infer()).rejects.toBeInstanceOf(ResourceExhausted);
    expect(await status()).toMatchObject({ inFlight: 2, failed: 1n });
    edge.script = 'answer';
    edge.release();
    expect([...(await take(first, 3)).values()]).toEqual([EDGE, EDGE, EDGE]);
    expect([...(await take(second, 1)).values()]).toEqual([EDGE]);
  });

  it('refuses a frame whose time is over before it gets a place, and reads on', async () => {
    const edge = await startEdge();
    const { stream } = await startAgent({ edge: edge.address, flags: ['--max-in-flight=1'] });
    edge.script = 'hold';
    using frames = stream();
    await send(frames, frame('a'), frame('late', { timeoutMs: 20 }));
    const refused = (await take(frames, 1)).get('late');
    expect(refused).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    edge.script = 'answer';
    edge.release();
    await send(frames, frame('b'));
    expect(await take(frames, 2)).toEqual(
      new Map([
        ['a', EDGE],
        ['b', EDGE],
      ]),
    );
  });

  it('answers a thousand frames that are sent at once, and those of another stream in between', async () => {
    const edge = await startEdge();
    const { stream, status } = await startAgent({ edge: edge.address });
    using flood = stream();
    using other = stream();
    const ids = Array.from({ length: 1_000 }, (_, index) => `frame-${index}`);
    const sending = send(flood, ...ids.map((id) => frame(id)));
    let floodAnswers = 0;
    const flooded = (async () => {
      const answers = new Map<string, unknown>();
      while (answers.size < ids.length)
        for (const [id, answer] of await take(flood, 1)) floodAnswers = answers.set(id, answer).size;
      return answers;
    })();
    await waitFor(async () => expect((await status()).answered).toBeGreaterThan(0n));
    await send(other, frame('other'));
    expect((await take(other, 1)).get('other')).toBe(EDGE);
    expect(floodAnswers).toBeLessThan(ids.length);
    await sending;
    expect([...new Set((await flooded).values())]).toEqual([EDGE]);
    expect(await status()).toMatchObject({ answered: 1_001n, failed: 0n });
  });

  it('sends on what is as large as a frame may be, and refuses a byte more, each frame alone', async () => {
    const edge = await startEdge();
    const { stream } = await startAgent({ edge: edge.address });
    using frames = stream();
    const tensor = (bytes: number): common.Input => {
      const data = Buffer.alloc(bytes);
      return {
        content: { $case: 'tensor', value: { shape: [1, bytes], dataType: common.DataType.UINT8, data } },
      };
    };
    // The longest names and context that are added on the way.
    const longest = 'x'.repeat(limits.idLength);
    const trace = {
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      tracestate: Array.from({ length: 3 }, (_, index) => `k${index}=${'v'.repeat(150)}`).join(),
    };
    await send(
      frames,
      frame('large', { input: tensor(limits.tensorBytes + 1) }),
      frame(longest, { input: tensor(limits.tensorBytes), trace }),
      frame('small'),
    );
    const answers = await take(frames, 3);
    expect(answers.get('large')).toMatchObject({ violations: [{ field: 'input.tensor.data' }] });
    expect(answers.get(longest)).toBe(EDGE);
    expect(answers.get('small')).toBe(EDGE);
  });

  it('runs nothing itself where it is told so', async () => {
    const edge = await startEdge();
    const { infer, status } = await startAgent({ edge: edge.address, local: 'none' });
    expect((await infer()).placement?.tier).toBe(EDGE);
    expect((await status()).localVariants).toEqual([]);
    edge.script = { fail: new ResourceExhausted('full') };
    await expect(infer()).rejects.toThrow('no target answered: edge-1: RESOURCE_EXHAUSTED');
  });

  it('is not serving until its own variants are warm, and refuses frames till then', async () => {
    const listen = await freeAddress();
    await using connection = connect(listen);
    const client = connection.client(agent.DeviceAgentClient);
    const starting = startAgent({ flags: [`--listen=${listen}`, '--dilation-factor=8000'] });
    await waitFor(async () => expect(await checkHealth(connection)).toBe('NOT_SERVING'));
    await expect(callUnary(client, client.infer, frame('early'))).rejects.toMatchObject({
      reason: 'WARMING_UP',
      retryAfterMs: 1_000,
    });
    await starting;
    expect(await checkHealth(connection)).toBe('SERVING');
  });

  it('answers pages of the origins that are listed, and no others', async () => {
    const { app } = await startAgent({
      flags: ['--web-listen=127.0.0.1:0', '--web-origins=http://pages.example'],
    });
    const ask = (origin: string) =>
      fetch(`http://${app.webAddress}/weir.agent.v1.DeviceAgent/Infer`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: JSON.stringify({ requestId: 'one', input: { encodedImage: pixel.toString('base64') } }),
      });
    const answer = await ask('http://pages.example');
    expect(await answer.json()).toMatchObject({ requestId: 'one', placement: { variant } });
    expect((await ask('http://elsewhere.example')).status).toBe(403);
  });

  it('keeps frames on the device where the objective says so', async () => {
    const edge = await startEdge();
    const { infer, client } = await startAgent({ edge: edge.address, flags: ['--allowed-tiers=device'] });
    expect((await infer()).placement?.tier).toBe(DEVICE);
    expect(edge.received).toEqual([]);
    const { objective } = await callUnary(client, client.getObjective, {}, { timeoutMs: 5_000 });
    expect(objective?.allowedTiers).toEqual([DEVICE]);
  });

  it('keeps frames on the device until its policy has told the objective, unless the configuration names the tiers', async () => {
    const edge = await startEdge();
    const flags = ['--policy=127.0.0.1:1', `--local-variants=${variant}`, '--dilation-factor=1000'];
    const silent = await startAgent({ edge: edge.address, flags });
    expect((await silent.infer()).placement?.tier).toBe(DEVICE);
    expect(edge.received).toEqual([]);
    const told = await startAgent({ edge: edge.address, flags: [...flags, '--allowed-tiers=device,edge'] });
    expect((await told.infer()).placement?.tier).toBe(EDGE);
  });

  it('takes another objective at run time, and refuses a bad one with every fault', async () => {
    const edge = await startEdge();
    const { infer, client } = await startAgent({ edge: edge.address });
    const { objective } = await callUnary(client, client.getObjective, {}, { timeoutMs: 5_000 });
    const set = (over: Partial<common.Objective>) =>
      callUnary(client, client.setObjective, { objective: { ...objective!, ...over } }, { timeoutMs: 5_000 });
    await expect(set({ accuracyFloor: 2, deadlineMs: 0, allowedTiers: [] })).rejects.toMatchObject({
      violations: [
        { field: 'objective.accuracy_floor' },
        { field: 'objective.deadline_ms' },
        { field: 'objective.allowed_tiers' },
      ],
    });
    expect((await set({ allowedTiers: [DEVICE] })).objective?.allowedTiers).toEqual([DEVICE]);
    expect((await infer()).placement?.tier).toBe(DEVICE);
    await set({ accuracyFloor: 0.99 });
    await expect(infer()).rejects.toBeInstanceOf(FailedPrecondition);
  });

  describe('with a better variant at a slow edge, and a floor that the device’s own does not meet', () => {
    const better = { variant: 'mobilenet-v1-1.00-int8', serviceMs: 1_000 };
    const flags = ['--accuracy-floor=0.84'];

    it('has the edge look again at what the device is unsure of, and answers without it too', async () => {
      const edge = await startEdge('127.0.0.1:0', 'edge-1', better);
      const { infer } = await startAgent({ edge: edge.address, flags });
      const { decision, looks, placement, hops, responseMs, classification } = await infer();
      expect(decision).toMatchObject({ secondVariant: better.variant });
      expect(looks.map((look) => look.placement?.tier)).toEqual([DEVICE, EDGE]);
      expect(looks[0]!.classification!.margin).toBeLessThan(decision!.lookAgainBelow);
      expect(placement).toMatchObject({ tier: EDGE, variant: better.variant });
      expect(classification?.label).toBe('edge-1');
      const spent = Object.values({ ...hops }).reduce((sum, ms) => sum + ms, 0);
      expect(spent).toBeCloseTo(responseMs, 6);
      edge.script = { fail: new ResourceExhausted('full') };
      const alone = await infer();
      expect(alone.placement?.tier).toBe(DEVICE);
      expect(alone.looks[1]).toMatchObject({ placement: { tier: EDGE }, failure: 'RESOURCE_EXHAUSTED' });
    });

    it('measures what its second looks bought, against the truth', async () => {
      const edge = await startEdge('127.0.0.1:0', 'edge-1', better);
      const { infer, status, reportTruth } = await startAgent({ edge: edge.address, flags });
      const { looks, expectedAccuracy } = await infer();
      // The worker says what it is called, which is never right.
      const { label } = looks[0]!.classification!;
      expect((await reportTruth(['f', label])).results).toEqual([{ requestId: 'f', refusal: undefined }]);
      expect((await status()).measured).toMatchObject({
        right: 0,
        firstRight: 1,
        promised: expectedAccuracy,
      });
    });

    it('has the edge answer by itself where it may not look twice', async () => {
      const edge = await startEdge('127.0.0.1:0', 'edge-1', better);
      const { infer, client } = await startAgent({ edge: edge.address, flags: [...flags, '--looks=1'] });
      const { objective } = await callUnary(client, client.getObjective, {}, { timeoutMs: 5_000 });
      expect(objective?.maxLooks).toBe(1);
      const { decision, looks, expectedAccuracy } = await infer();
      expect(looks.map((look) => look.placement?.tier)).toEqual([EDGE]);
      expect(decision).toMatchObject({ lookAgainBelow: 0, secondVariant: '' });
      expect(expectedAccuracy).toBeGreaterThan(0.84);
    });
  });

  it('takes the truth of its own answers, once, and shows what it measured', async () => {
    const { infer, status, reportTruth } = await startAgent();
    const refusals = async (...told: Parameters<typeof reportTruth>) =>
      (await reportTruth(...told)).results.map(({ refusal }) => refusal && fromStatus(refusal));
    expect(await refusals(['f', 'bag'])).toEqual([expect.any(NotFound)]);
    expect((await status()).measured).toBeUndefined();
    const { classification, expectedAccuracy } = await infer();
    const { label } = classification!;
    expect(await refusals(['f', 'giraffe'], ['f', label], ['f', label])).toEqual([
      expect.any(InvalidInput),
      undefined,
      expect.any(AlreadyExists),
    ]);
    const measured = { labelled: 1n, right: 1, firstRight: 1, promised: expectedAccuracy, level: 0.95 };
    expect((await status()).measured).toMatchObject(measured);
    expect((await reportTruth()).measured).toMatchObject(measured);
    const tooMany = Array.from({ length: 1_001 }, () => ['f', label] as const);
    await expect(reportTruth(...tooMany)).rejects.toThrow(/truths: expected at most 1000/);
  });

  it('has a better variant at an idle edge check its answers when they have gone out', async () => {
    const edge = await startEdge('127.0.0.1:0', 'edge-1', {
      variant: 'mobilenet-v1-1.00-int8',
      serviceMs: 1_000,
    });
    const { infer, status } = await startAgent({ edge: edge.address, flags: ['--audits=1'] });
    expect((await status()).audits).toEqual({ agreed: 0n, differed: 0n, skipped: 0n });
    const { classification, placement } = await infer();
    expect(placement?.tier).toBe(DEVICE);
    await waitFor(async () => {
      const { agreed, differed } = (await status()).audits!;
      expect(agreed + differed).toBe(1n);
    });
    expect(edge.received).toMatchObject([{ variant: 'mobilenet-v1-1.00-int8', background: true }]);
    // The scripted edge says class 1, whatever it is shown.
    expect((await status()).audits).toMatchObject(
      classification!.classIndex === 1 ? { agreed: 1n } : { differed: 1n },
    );
  });

  it('audits nothing where it is told so', async () => {
    const edge = await startEdge('127.0.0.1:0', 'edge-1', {
      variant: 'mobilenet-v1-1.00-int8',
      serviceMs: 1_000,
    });
    const { infer, stop } = await startAgent({ edge: edge.address, flags: ['--audits=0'] });
    await infer();
    await stop();
    expect(edge.received).toEqual([]);
  });

  it('passes the caller’s trace on to the worker, from the message or, on Infer, from the metadata', async () => {
    const edge = await startEdge();
    const { infer } = await startAgent({ edge: edge.address });
    const traceparent = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
    const metadata = new Metadata();
    metadata.set('traceparent', traceparent('b'));
    await infer({ trace: { traceparent: traceparent('a'), tracestate: '' } }, metadata);
    await infer({}, metadata);
    const traces = edge.received.map(({ trace }) => trace?.traceparent.slice(3, 35));
    expect(traces).toEqual(['a'.repeat(32), 'b'.repeat(32)]);
  });

  it('finishes the frames in flight when it stops, and refuses new ones', async () => {
    const edge = await startEdge();
    const { stream, stop, connection } = await startAgent({ edge: edge.address });
    edge.script = 'hold';
    using frames = stream();
    await send(frames, frame('a'));
    await waitFor(() => expect(edge.received).toHaveLength(1));
    const stopped = stop();
    await waitFor(async () => expect(await checkHealth(connection)).toBe('NOT_SERVING'));
    await send(frames, frame('b'));
    expect((await take(frames, 1)).get('b')).toBeInstanceOf(Unavailable);
    edge.release();
    expect(await take(frames, 1)).toEqual(new Map([['a', EDGE]]));
    await stopped;
  });
});
