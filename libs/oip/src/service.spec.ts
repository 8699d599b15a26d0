import { Internal, ResourceExhausted, silentLogger, Unavailable, type WeirError } from '@weir/base';
import { common, inference } from '@weir/proto';
import { callUnary, connect, openDuplex, serve } from '@weir/rpc';
import { describe, expect, it } from 'vitest';
import type { OipAnswer, OipBackend, OipCall, OipWork } from './backend.ts';
import { joinElements } from './bytes-elements.ts';
import { classifier, detector, floats, input, pixels, request, text, whole } from './oip.fixture.ts';
import { oipService } from './service.ts';

const answer = (...values: number[]): OipAnswer => ({
  outputs: [
    {
      name: 'own name of the output',
      tensor: { shape: [1, 2], dataType: common.DataType.FLOAT32, data: floats(...values) },
    },
  ],
  times: { queueMs: 1, decodeMs: 2, computeMs: 3 },
  batchSize: 1,
  facts: { weir_node: 'node-1', weir_confidence: values[0]! },
});

/** Inferences that are answered when the spec says so. */
class Backend implements OipBackend {
  readonly name = 'weir-spec';
  readonly asked: (OipWork & { call: OipCall; settle: PromiseWithResolvers<OipAnswer> })[] = [];
  readonly #arrivals: (() => void)[] = [];
  answers: ((work: OipWork) => OipAnswer) | undefined = () => answer(1, 2);

  models = () => [classifier, detector, { ...classifier, name: 'elsewhere', obstacle: 'no node runs it' }];

  infer(work: OipWork, call: OipCall): Promise<OipAnswer> {
    const settle = Promise.withResolvers<OipAnswer>();
    this.asked.push({ ...work, call, settle });
    for (const arrived of this.#arrivals.splice(0)) arrived();
    call.signal.addEventListener('abort', () => settle.reject(call.signal.reason as Error));
    if (this.answers) settle.resolve(this.answers(work));
    return settle.promise;
  }

  async until(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise<void>((resolve) => this.#arrivals.push(resolve));
  }
}

async function start({ warm = true, maxUnanswered = 8 } = {}) {
  const backend = new Backend();
  const server = await serve({
    listen: '127.0.0.1:0',
    services: [
      oipService({ backend: () => (warm ? backend : undefined), logger: silentLogger, maxUnanswered }),
    ],
    logger: silentLogger,
    drainGraceMs: 5_000,
  });
  const connection = connect(server.address);
  const client = connection.client(inference.GRPCInferenceServiceClient);
  return {
    backend,
    server,
    client,
    infer: (fields: Partial<inference.ModelInferRequest> = {}, signal?: AbortSignal) =>
      callUnary(client, client.modelInfer, request(fields), { signal }),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it was answered'),
    ({ status, message, reason }: WeirError) => ({ status, message, reason }),
  );

describe('the service, about its models', () => {
  it('tells what it is, which extensions there are, and which models', async () => {
    await using served = await start();
    const { client } = served;
    expect(await callUnary(client, client.serverLive, {})).toEqual({ live: true });
    expect(await callUnary(client, client.serverReady, {})).toEqual({ ready: true });
    expect(await callUnary(client, client.serverMetadata, {})).toMatchObject({
      name: 'weir-spec',
      extensions: ['classification', 'model_configuration', 'parameters', 'statistics'],
    });
    const index = async (ready: boolean) =>
      (await callUnary(client, client.repositoryIndex, { repositoryName: '', ready })).models;
    expect(await index(false)).toEqual([
      { name: 'small', version: '1', state: 'READY', reason: '' },
      { name: 'detector', version: '1', state: 'READY', reason: '' },
      { name: 'elsewhere', version: '1', state: 'UNAVAILABLE', reason: 'no node runs it' },
    ]);
    expect((await index(true)).map(({ name }) => name)).toEqual(['small', 'detector']);
    const other = callUnary(client, client.repositoryIndex, { repositoryName: 'mine', ready: false });
    expect(await refusal(other)).toMatchObject({ status: 'INVALID_ARGUMENT' });
  });

  it('tells of a model whether it is ready, and refuses no such question', async () => {
    await using served = await start();
    const { client } = served;
    const ready = async (name: string, version = '') =>
      (await callUnary(client, client.modelReady, { name, version })).ready;
    expect(await ready('small')).toBe(true);
    expect(await ready('small', '1')).toBe(true);
    expect(await ready('small', '2')).toBe(false);
    expect(await ready('elsewhere')).toBe(false);
    expect(await ready('nothing')).toBe(false);
  });

  it("describes a classifier's batch as Triton does, and another model as it is", async () => {
    await using served = await start();
    const { client } = served;
    const metadata = (name: string) => callUnary(client, client.modelMetadata, { name, version: '' });
    const config = async (name: string) =>
      (await callUnary(client, client.modelConfig, { name, version: '' })).config;
    expect(await metadata('small')).toEqual({
      name: 'small',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'pixels', datatype: 'FP32', shape: [-1n, 3n, 2n, 2n] }],
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1n, 2n] }],
    });
    expect(await config('small')).toMatchObject({
      maxBatchSize: 8,
      input: [{ name: 'pixels', dataType: inference.DataType.TYPE_FP32, format: 2, dims: [3n, 2n, 2n] }],
      output: [{ name: 'logits', dims: [2n] }],
      instanceGroup: [{ count: 2 }],
      parameters: { accuracy: { stringValue: '0.9' } },
    });
    expect((await metadata('detector')).inputs.map(({ shape }) => shape)).toEqual([[-1n, 3n], []]);
    expect(await config('detector')).toMatchObject({
      maxBatchSize: 0,
      input: [{ dims: [-1n, 3n], format: 0 }, { dims: [] }],
      output: [{ dims: [-1n, 4n] }, { dataType: inference.DataType.TYPE_STRING, dims: [-1n] }],
    });
    expect(await refusal(metadata('nothing'))).toMatchObject({
      status: 'NOT_FOUND',
      message: expect.stringContaining("Request for unknown model: 'nothing'") as string,
    });
  });

  it('says that it warms up, and is live', async () => {
    await using served = await start({ warm: false });
    const { client, infer } = served;
    expect(await callUnary(client, client.serverLive, {})).toEqual({ live: true });
    expect(await callUnary(client, client.serverReady, {})).toEqual({ ready: false });
    expect(await callUnary(client, client.modelReady, { name: 'small', version: '' })).toEqual({
      ready: false,
    });
    expect(await refusal(infer())).toMatchObject({ status: 'UNAVAILABLE', reason: 'WARMING_UP' });
  });

  it('loads and unloads nothing, with the reason', async () => {
    await using served = await start();
    const { client } = served;
    const asked = { repositoryName: '', modelName: 'small', parameters: {} };
    for (const method of [client.repositoryModelLoad, client.repositoryModelUnload])
      expect(await refusal(callUnary(client, method, asked))).toMatchObject({
        status: 'UNAVAILABLE',
        message: expect.stringContaining('explicit model load / unload is not allowed') as string,
      });
  });
});

describe('an inference', () => {
  it('is answered raw, under its id, with the version and what is known of it', async () => {
    await using served = await start();
    const response = await served.infer({ parameters: { timeout: whole(2_000), weir_floor: text('0.8') } });
    expect(response).toEqual({
      modelName: 'small',
      modelVersion: '1',
      id: 'r1',
      parameters: {
        weir_node: text('node-1'),
        weir_confidence: text('1'),
      },
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [1n, 2n], parameters: {}, contents: undefined }],
      rawOutputContents: [floats(1, 2)],
    });
    expect(served.backend.asked).toMatchObject([
      { requestId: 'r1', timeoutMs: 2, accuracyFloor: 0.8, call: { mayWait: false } },
    ]);
  });

  it('without an id gets none back, and has one of its own behind', async () => {
    await using served = await start();
    expect((await served.infer({ id: '' })).id).toBe('');
    const long = 'x'.repeat(200);
    expect((await served.infer({ id: long })).id).toBe(long);
    const [first, second] = served.backend.asked.map(({ requestId }) => requestId);
    expect(first).toMatch(/^.{36}$/);
    expect(second).toMatch(/^.{36}$/);
    expect(first).not.toBe(second);
  });

  it('gives the outputs asked for, as classes where these are', async () => {
    await using served = await start();
    const outputs = [{ name: 'logits', parameters: { classification: whole(1) } }];
    const { outputs: given, rawOutputContents } = await served.infer({ outputs });
    expect(given).toMatchObject([{ name: 'logits', datatype: 'BYTES', shape: [1n, 1n] }]);
    expect(rawOutputContents).toEqual([joinElements([Buffer.from('2.000000:1:shirt')])]);
    const unknown = served.infer({ outputs: [{ name: 'boxes', parameters: {} }] });
    expect(await refusal(unknown)).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringContaining("unexpected inference output 'boxes' for model 'small'") as string,
    });
  });

  it('of a batch is one for each member, joined again, with the facts that hold for all', async () => {
    await using served = await start();
    served.backend.answers = ({ requestId }) => (requestId === 'r1' ? answer(1, 2) : answer(3, 4));
    const inputs = [input({ shape: [2n, 3n, 2n, 2n] })];
    const response = await served.infer({ inputs, rawInputContents: [Buffer.concat([pixels, pixels])] });
    expect(response.outputs).toMatchObject([{ shape: [2n, 2n] }]);
    expect(response.rawOutputContents).toEqual([floats(1, 2, 3, 4)]);
    expect(response.parameters).toEqual({ weir_node: text('node-1') });
    expect(served.backend.asked.map(({ requestId }) => requestId)).toEqual(['r1', 'r1/1']);
    const nameless = { id: '', inputs, rawInputContents: [Buffer.concat([pixels, pixels])] };
    await served.infer(nameless);
    await served.infer(nameless);
    expect(new Set(served.backend.asked.map(({ requestId }) => requestId)).size).toBe(6);
  });

  it('of a batch that fails in one member fails, and cancels the others', async () => {
    await using served = await start();
    served.backend.answers = undefined;
    const inputs = [input({ name: 'image', datatype: 'BYTES', shape: [2n] })];
    const failed = refusal(served.infer({ inputs, rawInputContents: [joinElements([pixels, pixels])] }));
    await served.backend.until(2);
    const [first, second] = served.backend.asked;
    second!.settle.reject(new ResourceExhausted('the queue is full'));
    expect(await failed).toMatchObject({ status: 'RESOURCE_EXHAUSTED', message: 'the queue is full' });
    expect(first!.call.signal.aborted).toBe(true);
  });

  it('is cancelled with its call', async () => {
    await using served = await start();
    served.backend.answers = undefined;
    const caller = new AbortController();
    const failed = refusal(served.infer({}, caller.signal));
    await served.backend.until(1);
    caller.abort();
    expect(await failed).toMatchObject({ status: 'CANCELLED' });
    const { signal } = served.backend.asked[0]!.call;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  });

  it('by a model that is not ready is refused with the reason', async () => {
    await using served = await start();
    expect(await refusal(served.infer({ modelName: 'elsewhere' }))).toMatchObject({
      status: 'UNAVAILABLE',
      message: "model 'elsewhere' is not ready: no node runs it",
    });
  });

  it('is counted with its model, failed or not', async () => {
    await using served = await start();
    const { client } = served;
    await served.infer();
    await refusal(served.infer({ rawInputContents: [] }));
    await refusal(served.infer({ modelName: 'nothing' }));
    const statistics = async (name: string) =>
      (await callUnary(client, client.modelStatistics, { name, version: '' })).modelStats;
    expect(await statistics('small')).toMatchObject([
      {
        name: 'small',
        inferenceCount: 1n,
        inferenceStats: { success: { count: 1n }, fail: { count: 1n }, computeInfer: { ns: 3_000_000n } },
      },
    ]);
    expect((await statistics('')).map(({ name }) => name)).toEqual(['small', 'detector', 'elsewhere']);
  });
});

describe('a stream of inferences', () => {
  const open = ({ client }: Pick<Awaited<ReturnType<typeof start>>, 'client'>) => {
    const duplex = openDuplex(client, client.modelStreamInfer);
    const answers = duplex[Symbol.asyncIterator]();
    const next = async () => {
      const answered = await answers.next();
      return answered.done ? 'ended' : answered.value;
    };
    return { duplex, next };
  };

  it('is answered in the order of asking, though the inferences run side by side', async () => {
    await using served = await start();
    served.backend.answers = undefined;
    const { duplex, next } = open(served);
    void duplex.send(request({ id: 'a' }));
    void duplex.send(request({ id: 'b' }));
    await served.backend.until(2);
    const [a, b] = served.backend.asked;
    expect(a!.call.mayWait).toBe(true);
    b!.settle.resolve(answer(2, 0));
    a!.settle.resolve(answer(1, 0));
    expect(await next()).toMatchObject({ errorMessage: '', inferResponse: { id: 'a' } });
    expect(await next()).toMatchObject({ inferResponse: { id: 'b', rawOutputContents: [floats(2, 0)] } });
    duplex.end();
    expect(await next()).toBe('ended');
  });

  it('stays open when one fails, and says which', async () => {
    await using served = await start();
    const { duplex, next } = open(served);
    void duplex.send(request({ id: 'a', modelName: 'nothing' }));
    void duplex.send(request({ id: 'b' }));
    expect(await next()).toMatchObject({
      errorMessage: expect.stringContaining('Request for unknown model') as string,
      inferResponse: { id: 'a', outputs: [] },
    });
    expect(await next()).toMatchObject({ errorMessage: '', inferResponse: { id: 'b' } });
    served.backend.answers = () => {
      throw new Internal('out of order', { cause: new Error('a secret') });
    };
    void duplex.send(request({ id: 'c' }));
    expect(await next()).toMatchObject({ errorMessage: 'out of order', inferResponse: { id: 'c' } });
    duplex.cancel();
  });

  it('tells the last answer of a request where that is asked for', async () => {
    await using served = await start();
    const { duplex, next } = open(served);
    const flag = { parameterChoice: { $case: 'boolParam', value: true } } as const;
    void duplex.send(request({ parameters: { triton_enable_empty_final_response: flag } }));
    expect(await next()).toMatchObject({ inferResponse: { parameters: { triton_final_response: flag } } });
    void duplex.send(request());
    const { inferResponse } = (await next()) as inference.ModelStreamInferResponse;
    expect(Object.keys(inferResponse!.parameters)).not.toContain('triton_final_response');
    duplex.cancel();
  });

  it('is read no further while so many are unanswered', async () => {
    await using served = await start({ maxUnanswered: 2 });
    served.backend.answers = undefined;
    const { duplex, next } = open(served);
    for (const id of ['a', 'b', 'c']) void duplex.send(request({ id }));
    await served.backend.until(2);
    await callUnary(served.client, served.client.serverLive, {});
    expect(served.backend.asked).toHaveLength(2);
    served.backend.asked[0]!.settle.resolve(answer(1, 0));
    expect(await next()).toMatchObject({ inferResponse: { id: 'a' } });
    await served.backend.until(3);
    duplex.cancel();
  });

  it('cancels what it has under way when its caller leaves', async () => {
    await using served = await start();
    served.backend.answers = undefined;
    const { duplex } = open(served);
    void duplex.send(request());
    await served.backend.until(1);
    duplex.cancel();
    const { signal } = served.backend.asked[0]!.call;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  });

  it('is answered to its end when the server drains, and told why it is over', async () => {
    await using served = await start();
    served.backend.answers = undefined;
    const { duplex, next } = open(served);
    void duplex.send(request({ id: 'a' }));
    await served.backend.until(1);
    const drained = served.server.drain();
    served.backend.asked[0]!.settle.resolve(answer(1, 0));
    expect(await next()).toMatchObject({ inferResponse: { id: 'a' } });
    await expect(next()).rejects.toThrow(Unavailable);
    await drained;
  });
});
