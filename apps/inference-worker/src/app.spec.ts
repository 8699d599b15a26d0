import { status as codes } from '@grpc/grpc-js';
import type { InvalidInput } from '@weir/base';
import { ConfigError, loadConfig, type Logger, silentLogger, systemClock, type WeirError } from '@weir/base';
import { identityOf, loadFamily } from '@weir/inference';
import { common, type worker } from '@weir/proto';
import { callUnary, checkHealth, fromStatus } from '@weir/rpc';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startInferenceWorker } from './app.ts';
import { configSpec } from './config.ts';
import {
  codeOf,
  image,
  labelledSamples,
  openStream,
  other,
  picture,
  request,
  sample,
  small,
  startWorker,
  tensor,
} from './worker.fixture.ts';

type Worker = Awaited<ReturnType<typeof startWorker>>;
const failureOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as WeirError,
  );

describe('inference worker', () => {
  let node: Worker;
  beforeAll(async () => {
    node = await startWorker(['--node-id', 'edge-7', '--tier', 'edge', '--busy-watts', '50']);
  });
  afterAll(() => node[Symbol.asyncDispose]());

  it('serves once its variants are warm and calibrated', async () => {
    expect(await checkHealth(node.connection, { service: 'weir.worker.v1.InferenceWorker' })).toBe('SERVING');
    const { client } = node;
    const list = await callUnary(client, client.listVariants, {});
    expect(list).toMatchObject({ nodeId: 'edge-7', tier: common.Tier.EDGE, dilationFactor: 0 });
    expect(list.variants.map(({ name }) => name)).toEqual([small.name, other.name]);
    const { load } = await callUnary(client, client.infer, request());
    const identity = identityOf(await loadFamily());
    expect(list.family).toEqual({ name: identity.name, version: identity.version });
    expect(list.instanceId).not.toBe('');
    expect(load).toMatchObject({ instanceId: list.instanceId, familyVersion: identity.version });
    for (const variant of list.variants) {
      expect(variant.checksum).toBe(identity.checksums.get(variant.name));
      expect(variant.serviceMs).toBeGreaterThan(0);
      expect(variant.energyJ).toBeGreaterThan(0);
      expect(variant.accuracy).toBeGreaterThan(0.1);
      expect(variant.inputShape).toEqual(small.input.shape.slice(1));
    }
  });

  it('answers a picture, and tells where the time went', async () => {
    const { client } = node;
    const answer = await callUnary(
      client,
      client.infer,
      request({ requestId: 'a', input: image(sample('scene-0000.png')) }),
    );
    const { classification, queueMs, decodeMs, computeMs, workerMs, energyJ, load } = answer;
    expect(answer.requestId).toBe('a');
    expect(classification!.confidence).toBeGreaterThan(0);
    expect(classification!.confidence).toBeLessThanOrEqual(1);
    expect(classification!.label).not.toBe('');
    expect(decodeMs).toBeGreaterThan(0);
    expect(computeMs).toBeGreaterThan(0);
    expect(workerMs).toBeGreaterThanOrEqual(queueMs + decodeMs + computeMs - 1e-9);
    expect(energyJ).toBeGreaterThan(0);
    expect(load).toMatchObject({ nodeId: 'edge-7', slots: 1, draining: false });
    expect(load!.services).toHaveLength(2);
  });

  it('answers labelled frames as accurately as the manifest says', async () => {
    const frames = labelledSamples().slice(0, 200);
    using stream = openStream(node.client);
    const labels = new Map<string, string>();
    // Batches that the queue holds.
    for (let from = 0; from < frames.length; from += 40) {
      const batch = frames.slice(from, from + 40);
      for (const { file } of batch)
        await stream.infer(request({ requestId: file, input: image(sample(file)) }));
      for (let i = 0; i < batch.length; i++) {
        const answer = await stream.next();
        if (answer?.$case === 'result')
          labels.set(answer.value.requestId, answer.value.classification!.label);
      }
    }
    expect(labels.size).toBe(frames.length);
    const right = frames.filter(({ file, label }) => labels.get(file) === label).length / frames.length;
    const { top1 } = small.accuracy;
    // Four standard deviations of so many frames.
    expect(Math.abs(right - top1)).toBeLessThan(4 * Math.sqrt((top1 * (1 - top1)) / frames.length));
  });

  it('runs a tensor as it is', async () => {
    const { client } = node;
    const answer = await callUnary(client, client.infer, request({ input: tensor() }));
    expect(answer.classification!.label).not.toBe('');
    expect(answer.decodeMs).toBeLessThan(answer.workerMs);
  });

  const faults: [string, Partial<worker.InferRequest>, number, string?][] = [
    ['an empty id', { requestId: '' }, codes.INVALID_ARGUMENT, 'request_id'],
    ['an id that is too long', { requestId: 'x'.repeat(129) }, codes.INVALID_ARGUMENT, 'request_id'],
    ['no variant', { variant: '' }, codes.INVALID_ARGUMENT, 'variant'],
    ['an unknown variant', { variant: 'resnet' }, codes.NOT_FOUND],
    ['no input', { input: undefined }, codes.INVALID_ARGUMENT, 'input'],
    ['an input without content', { input: { content: undefined } }, codes.INVALID_ARGUMENT, 'input'],
    ['a negative timeout', { timeoutMs: -1 }, codes.INVALID_ARGUMENT, 'timeout_ms'],
    ['a timeout that is no number', { timeoutMs: NaN }, codes.INVALID_ARGUMENT, 'timeout_ms'],
    ['an endless timeout', { timeoutMs: Infinity }, codes.INVALID_ARGUMENT, 'timeout_ms'],
    ['an empty picture', { input: image(Buffer.alloc(0)) }, codes.INVALID_ARGUMENT, 'input.encoded_image'],
    [
      'bytes that are no picture',
      { input: image(Buffer.from('hello')) },
      codes.INVALID_ARGUMENT,
      'input.encoded_image',
    ],
    [
      'a picture cut short',
      { input: image(picture.subarray(0, 200)) },
      codes.INVALID_ARGUMENT,
      'input.encoded_image',
    ],
    [
      'a picture over 4 MiB',
      { input: image(Buffer.alloc(4 * 1024 * 1024 + 1)) },
      codes.INVALID_ARGUMENT,
      'input.encoded_image',
    ],
    [
      'a tensor of another layout',
      { input: tensor({ shape: [1, ...small.input.shape.slice(1).reverse()] }) },
      codes.INVALID_ARGUMENT,
      'input.tensor.shape',
    ],
    [
      'a tensor without a shape',
      { input: tensor({ shape: [] }) },
      codes.INVALID_ARGUMENT,
      'input.tensor.shape',
    ],
    [
      'a tensor with a dimension of 0',
      { input: tensor({ shape: [1, 0] }) },
      codes.INVALID_ARGUMENT,
      'input.tensor.shape',
    ],
    [
      'a batch of two',
      { input: tensor({ shape: [2, 3, 64, 64] }) },
      codes.INVALID_ARGUMENT,
      'input.tensor.shape',
    ],
    [
      'a tensor of too few bytes',
      { input: tensor({ data: Buffer.alloc(4) }) },
      codes.INVALID_ARGUMENT,
      'input.tensor.data',
    ],
    [
      'a tensor without a type',
      { input: tensor({ dataType: common.DataType.UNSPECIFIED }) },
      codes.INVALID_ARGUMENT,
      'input.tensor.data_type',
    ],
    [
      'a tensor of the wrong type',
      {
        input: tensor({
          dataType: common.DataType.UINT8,
          data: Buffer.alloc(small.input.shape.reduce((product, size) => product * size, 1)),
        }),
      },
      codes.INVALID_ARGUMENT,
      'input.tensor.data_type',
    ],
  ];

  it.each(faults)('refuses %s, alone and in a stream, and lives', async (_what, fields, code, field) => {
    const { client } = node;
    const bad = request(fields);
    const failure = await failureOf(callUnary(client, client.infer, bad));
    expect(codes[failure!.status]).toBe(code);
    if (field)
      expect((failure as InvalidInput).violations.map((violation) => violation.field)).toEqual([field]);

    using stream = openStream(client);
    await stream.infer(bad);
    const answer = await stream.next();
    expect(codeOf(answer)).toBe(code);
    const usable = bad.requestId.length > 0 && bad.requestId.length <= 128;
    expect(answer).toMatchObject({
      value: { requestId: usable ? bad.requestId : '', load: { nodeId: 'edge-7' } },
    });
    // The stream goes on.
    const good = request();
    await stream.infer(good);
    expect(await stream.next()).toMatchObject({ $case: 'result', value: { requestId: good.requestId } });
  });

  it('names every fault of a request at once', async () => {
    const { client } = node;
    const failure = await failureOf(
      callUnary(client, client.infer, {
        requestId: '',
        variant: '',
        input: undefined,
        timeoutMs: -1,
        trace: undefined,
        background: false,
        wantOutputs: false,
      }),
    );
    expect((failure as InvalidInput).violations.map(({ field }) => field)).toEqual([
      'request_id',
      'variant',
      'timeout_ms',
      'input',
    ]);
  });

  it('ends a call whose message is over 8 MiB, and lives', async () => {
    const { client } = node;
    const huge = request({ input: image(Buffer.alloc(8 * 1024 * 1024)) });
    expect(await failureOf(callUnary(client, client.infer, huge))).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
    });
    expect(await callUnary(client, client.infer, request())).toMatchObject({ classification: {} });
  });

  it('answers many at once in a stream, each under its id', async () => {
    using stream = openStream(node.client);
    const asked = Array.from({ length: 40 }, () => request());
    for (const one of asked) void stream.infer(one);
    stream.duplex.end();
    const answered: string[] = [];
    for (let answer = await stream.next(); answer; answer = await stream.next()) {
      expect(answer.$case).toBe('result');
      if (answer.$case === 'result') answered.push(answer.value.requestId);
    }
    expect(answered.sort()).toEqual(asked.map(({ requestId }) => requestId).sort());
  });

  it('echoes pings, and refuses those that are too large', async () => {
    using stream = openStream(node.client);
    void stream.ping(1, Buffer.alloc(256 * 1024));
    void stream.ping(2, Buffer.alloc(256 * 1024 + 1));
    void stream.ping(3);
    expect(await stream.next()).toMatchObject({ $case: 'pong', value: { sequence: 1 } });
    expect(codeOf(await stream.next())).toBe(codes.INVALID_ARGUMENT);
    expect(await stream.next()).toMatchObject({ $case: 'pong', value: { sequence: 3 } });
  });

  it('refuses a message that asks for nothing', async () => {
    using stream = openStream(node.client);
    await stream.duplex.send({ message: undefined });
    expect(codeOf(await stream.next())).toBe(codes.INVALID_ARGUMENT);
  });

  it('tells its load at once and about once a second', async () => {
    using stream = openStream(node.client);
    const startedAt = systemClock.now();
    for await (const { message } of stream.duplex) {
      if (message?.$case === 'load') stream.loads.push(message.value);
      if (stream.loads.length === 3) break;
    }
    expect(systemClock.now() - startedAt).toBeGreaterThan(1_900);
    expect(stream.loads[0]).toMatchObject({ nodeId: 'edge-7', inService: 0, queued: 0, draining: false });
    expect(stream.loads[0]!.services.map(({ variant }) => variant)).toEqual([small.name, other.name]);
  });
});

describe('a slow node with a short queue', () => {
  // So slow that its one slot is busy for as long as a test needs.
  const factor = 150 / small.referenceMs!;
  let node: Worker;
  beforeAll(async () => {
    node = await startWorker([
      '--dilation-factor',
      String(factor),
      '--queue-limit',
      '2',
      '--variants',
      small.name,
    ]);
  });
  afterAll(() => node[Symbol.asyncDispose]());

  it('measures the emulated processor', async () => {
    const { client } = node;
    const { variants, dilationFactor } = await callUnary(client, client.listVariants, {});
    expect(dilationFactor).toBeCloseTo(factor);
    expect(variants[0]!.serviceMs).toBeGreaterThan(149);
  });

  it('refuses what its queue cannot hold, and answers the rest', async () => {
    using stream = openStream(node.client);
    const asked = Array.from({ length: 5 }, () => request());
    for (const one of asked) void stream.infer(one);
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push((await stream.next())!);
    const failures = answers.filter(({ $case }) => $case === 'failure');
    expect(failures.map(codeOf)).toEqual([codes.RESOURCE_EXHAUSTED, codes.RESOURCE_EXHAUSTED]);
    const results = answers.filter((answer) => answer.$case === 'result').map(({ value }) => value);
    expect(results.map(({ concurrency }) => concurrency)).toEqual([0, 1, 2]);
    expect(results[2]!.queueMs).toBeGreaterThan(250);
    expect(results[2]!.workerMs).toBeGreaterThan(400);
  });

  it('refuses at once work that cannot be done in time', async () => {
    using stream = openStream(node.client);
    const [first, late] = [request(), request({ timeoutMs: 120 })];
    void stream.infer(first);
    void stream.infer(late);
    const answers = [await stream.next(), await stream.next()];
    const codeById = Object.fromEntries(
      answers.map((answer) => [(answer!.value as { requestId: string }).requestId, codeOf(answer)]),
    );
    expect(codeById).toEqual({ [first.requestId]: 'result', [late.requestId]: codes.RESOURCE_EXHAUSTED });
    expect((answers[0] as { value: worker.InferFailure }).value.requestId).toBe(late.requestId);
  });

  it('computes in the background only when idle, and then beside the frames', async () => {
    using stream = openStream(node.client);
    const aside = () => request({ background: true });
    await stream.infer(request());
    await stream.infer(aside());
    const refused = await stream.next();
    expect(fromStatus((refused!.value as worker.InferFailure).status!)).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      reason: 'NOT_IDLE',
    });
    expect(codeOf(await stream.next())).toBe('result');
    await stream.infer(aside());
    await stream.infer(request());
    const answers = [await stream.next(), await stream.next()];
    for (const answer of answers)
      expect(answer).toMatchObject({ $case: 'result', value: { concurrency: 0, batchSize: 1 } });
  });

  it('keeps to the deadline of the call', async () => {
    const { client } = node;
    const first = callUnary(client, client.infer, request());
    const late = await failureOf(callUnary(client, client.infer, request(), { timeoutMs: 120 }));
    expect(late).toMatchObject({
      reason: 'DEADLINE_UNREACHABLE',
      retryAfterMs: expect.any(Number) as number,
    });
    await first;
    expect(await callUnary(client, client.infer, request())).toMatchObject({ concurrency: 0 });
  });

  it('forgets what is cancelled, waiting or running', async () => {
    using stream = openStream(node.client);
    const [running, waiting, last] = [request(), request(), request()];
    for (const one of [running, waiting, last]) void stream.infer(one);
    void stream.cancel(waiting.requestId);
    void stream.cancel(running.requestId);
    void stream.cancel('never heard of');
    const answers = [await stream.next(), await stream.next(), await stream.next()];
    expect(answers.map(codeOf)).toEqual([codes.CANCELLED, codes.CANCELLED, 'result']);
    expect(answers[2]).toMatchObject({ value: { requestId: last.requestId } });
    // Only the last still waits as soon as the second is cancelled.
    expect(answers[0]).toMatchObject({ value: { requestId: waiting.requestId, load: { queued: 1 } } });
  });

  it('drops the work of a caller that is gone', async () => {
    const gone = openStream(node.client);
    for (let i = 0; i < 3; i++) await gone.infer(request());
    await gone.ping(1);
    await gone.next();
    gone.duplex.cancel();
    using stream = openStream(node.client);
    // Only what was running already may still hold the slot.
    await expect
      .poll(async () => {
        await stream.ping(1);
        await stream.next();
        await stream.infer(request({ variant: 'resnet' }));
        const answer = await stream.next();
        return answer?.$case === 'failure' ? answer.value.load!.queued : undefined;
      })
      .toBe(0);
  });

  it('refuses an id that is in flight, and answers the first', async () => {
    using stream = openStream(node.client);
    const twice = request();
    void stream.infer(twice);
    void stream.infer(twice);
    const refused = await stream.next();
    expect(codeOf(refused)).toBe(codes.INVALID_ARGUMENT);
    if (refused?.$case === 'failure') {
      expect(refused.value.requestId).toBe('');
      expect(fromStatus(refused.value.status!).message).toContain(twice.requestId);
    }
    expect(await stream.next()).toMatchObject({ $case: 'result', value: { requestId: twice.requestId } });
    void stream.infer(twice);
    expect(await stream.next()).toMatchObject({ $case: 'result', value: { requestId: twice.requestId } });
  });

  it('drains: says so, answers what it accepted, refuses the rest, and ends', async () => {
    const draining = await startWorker(['--dilation-factor', String(factor), '--variants', small.name]);
    using stream = openStream(draining.client);
    const accepted = [request(), request()];
    for (const one of accepted) void stream.infer(one);
    await stream.ping(1);
    expect(await stream.next()).toMatchObject({ $case: 'pong' });

    const disposed = draining.app[Symbol.asyncDispose]();
    expect(await checkHealth(draining.connection)).toBe('NOT_SERVING');
    void stream.infer(request());
    const answers = [await stream.next(), await stream.next(), await stream.next()];
    expect(answers.map(codeOf)).toEqual([codes.UNAVAILABLE, 'result', 'result']);
    const { value: refused } = answers[0] as { value: worker.InferFailure };
    expect(fromStatus(refused.status!).reason).toBe('DRAINING');
    expect(stream.loads.at(-1)).toMatchObject({ draining: true });
    expect(await stream.next()).toBeUndefined();
    await disposed;
    await draining.connection[Symbol.asyncDispose]();
  });
});

describe('starting', () => {
  const start = (...argv: string[]) =>
    startInferenceWorker(loadConfig(configSpec, { argv, env: {} }), { logger: silentLogger });

  it.each([
    ['variants that the family lacks', ['--variants', 'resnet,vgg'], ['--variants', '--variants']],
    ['a folder without a family', ['--models', '/no/such/folder'], ['--models']],
    ['to serve other machines in plain text', ['--listen', '0.0.0.0:0'], ['--listen']],
    ['a certificate that is not there', ['--tls-cert', '/no/such.pem'], ['--tls-cert', '--tls-key']],
  ])('refuses %s', async (_what, argv, fields) => {
    const failure = await failureOf(start(...argv));
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as unknown as ConfigError).violations.map(({ field }) => field)).toEqual(fields);
  });
});

describe('an idle worker', () => {
  it('calibrates its variants again and again', async () => {
    await using idle = await startWorker(['--idle-check-ms=20']);
    const { client } = idle;
    const services = async () =>
      (await callUnary(client, client.listVariants, {})).variants.map(({ serviceMs }) => serviceMs);
    const before = await services();
    await vi.waitFor(
      async () => {
        for (const [index, serviceMs] of (await services()).entries())
          expect(serviceMs).not.toBe(before[index]);
      },
      { timeout: 8_000 },
    );
  });

  it('logs what batches gain once it is warm', async () => {
    const info = vi.fn<Logger['info']>();
    const argv = ['--variants', small.name, '--max-batch', '2'];
    await using _app = await startInferenceWorker(loadConfig(configSpec, { argv, env: {} }), {
      logger: { ...silentLogger, info },
    });
    const [warm] = info.mock.calls.find(([, message]) => message === 'warm')!;
    const number = expect.any(Number) as number;
    expect(warm).toMatchObject({
      batches: [{ variant: small.name, limit: number, timesMs: { 1: number, 2: number } }],
    });
  });
});
