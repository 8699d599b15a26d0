import { loadConfig, silentLogger } from '@weir/base';
import { inference } from '@weir/proto';
import { callUnary, connect, openDuplex } from '@weir/rpc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeviceAgentApp, startDeviceAgent } from './app.ts';
import { configSpec } from './config.ts';

const [small, large, absent] = ['0.25', '0.50', '1.00'].map((width) => `mobilenet-v1-${width}-int8`) as [
  string,
  string,
  string,
];
/** A gray pixel, after its length. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAADElEQVQI12NoaGgAAAMEAYGa8M1PAAAAAElFTkSuQmCC',
  'base64',
);
const length = Buffer.alloc(4);
length.writeUInt32LE(pixel.length);

const asking = (modelName: string, floor?: number): inference.ModelInferRequest =>
  inference.ModelInferRequest.create({
    modelName,
    id: modelName,
    inputs: [{ name: 'image', datatype: 'BYTES', shape: [1n, 1n], parameters: {}, contents: undefined }],
    rawInputContents: [Buffer.concat([length, pixel])],
    parameters: floor === undefined ? {} : { weir_floor: text(String(floor)) },
  });
const text = (value: string): inference.InferParameter => ({
  parameterChoice: { $case: 'stringParam', value },
});

describe('an agent asked by the Open Inference Protocol', () => {
  let app: DeviceAgentApp;
  let connection: ReturnType<typeof connect>;
  let client: inference.GRPCInferenceServiceClient;
  beforeAll(async () => {
    // Slow enough that the smaller variant is the cheaper one on a busy machine too.
    const argv = [`--local-variants=${small},${large}`, '--dilation-factor=300', '--looks=1'];
    app = await startDeviceAgent(loadConfig(configSpec, { argv, env: {} }), { logger: silentLogger });
    connection = connect(app.address);
    client = connection.client(inference.GRPCInferenceServiceClient);
  });
  afterAll(async () => {
    await connection?.[Symbol.asyncDispose]();
    await app?.[Symbol.asyncDispose]();
  });
  const infer = (...asked: Parameters<typeof asking>) =>
    callUnary(client, client.modelInfer, asking(...asked));

  it('answers by the variant that it chooses, with the scores of all classes', async () => {
    const { outputs, rawOutputContents, parameters, modelName } = await infer('weir');
    expect(parameters.weir_variant).toEqual(text(small));
    expect(parameters).toMatchObject({ weir_node: text('device-1'), weir_tier: text('device') });
    expect(modelName).toBe('weir');
    expect(outputs).toMatchObject([{ datatype: 'FP32', shape: [1n, 10n] }]);
    expect(rawOutputContents[0]!).toHaveLength(40);
  });

  it('answers by a better one where a request asks for its accuracy, and refuses what is beyond all', async () => {
    const { parameters } = await infer('weir', 0.83);
    expect(parameters.weir_variant).toEqual(text(large));
    await expect(infer('weir', 0.99)).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
      message: expect.stringContaining('the frame asks for an accuracy of 0.99') as string,
    });
  });

  it('answers by the variant that is named, while a node runs it', async () => {
    expect((await infer(large)).parameters.weir_variant).toEqual(text(large));
    await expect(infer(absent)).rejects.toMatchObject({
      status: 'UNAVAILABLE',
      message: expect.stringContaining('no node is known to run it') as string,
    });
  });

  it('answers a stream in the order of asking', async () => {
    const duplex = openDuplex(client, client.modelStreamInfer);
    for (const name of [large, small, 'nothing', 'weir']) void duplex.send(asking(name));
    duplex.end();
    const ids: (string | undefined)[] = [];
    for await (const { inferResponse, errorMessage } of duplex)
      ids.push(errorMessage === '' ? inferResponse?.id : errorMessage.slice(0, 25));
    expect(ids).toEqual([large, small, 'Request for unknown model', 'weir']);
  });
});
