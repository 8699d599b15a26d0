import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { silentLogger } from '@weir/base';
import { startLink } from '@weir/link';
import { common, worker } from '@weir/proto';
import { bidi, callUnary, type Connection, connect, openDuplex, serve, unary } from '@weir/rpc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/*
 * What a frame's upload costs over a link of 20 ms each way, counted in round trips of a tiny message in the same run.
 * A server of grpc-js alone keeps HTTP/2's 64 KB windows and stops a 150 KB upload to wait for the other side.
 */
const oneWayDelayMs = 20;
const frameBytes = 150_000;

const definition: ServiceDefinition = worker.InferenceWorkerService;
const implementation = {
  infer: unary(({ requestId }: worker.InferRequest) => worker.InferResponse.create({ requestId })),
  listVariants: unary(() => worker.ListVariantsResponse.create()),
  streamInfer: bidi<worker.StreamInferRequest, worker.StreamInferResponse>(async (stream) => {
    for await (const { message } of stream)
      if (message?.$case === 'ping')
        await stream.send({
          message: { $case: 'pong', value: { sequence: message.value.sequence, workerMs: 0 } },
        });
  }),
};

async function elapsedMs(action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}
/** The least of seven: a busy machine adds time and never takes it away. */
async function leastMs(action: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 7; i++) least = Math.min(least, await elapsedMs(action));
  return least;
}

const ping = (bytes: number): worker.StreamInferRequest => ({
  message: { $case: 'ping', value: { sequence: 1, payload: Buffer.alloc(bytes) } },
});

function uploads(connection: Connection) {
  const client = connection.client(worker.InferenceWorkerClient);
  return {
    async freshStream(bytes: number) {
      using stream = openDuplex(client, client.streamInfer);
      await stream.send(ping(bytes));
      await stream[Symbol.asyncIterator]().next();
    },
    warmStream() {
      const stream = openDuplex(client, client.streamInfer);
      const answers = stream[Symbol.asyncIterator]();
      return {
        async upload(bytes: number) {
          await stream.send(ping(bytes));
          await answers.next();
        },
        [Symbol.dispose]: () => stream.cancel(),
      };
    },
    unary: (bytes: number) =>
      callUnary(
        client,
        client.infer,
        worker.InferRequest.fromPartial({
          requestId: '1',
          input: common.Input.create({ content: { $case: 'encodedImage', value: Buffer.alloc(bytes) } }),
        }),
      ),
  };
}

/** Round trips that a frame takes, by the way it is sent. */
async function roundTripsPerFrame(serverAddress: string) {
  await using link = await startLink({ target: serverAddress, oneWayDelayMs });
  await using connection = connect(link.address);
  await connection.ready();
  const { freshStream, warmStream, unary } = uploads(connection);
  using warm = warmStream();
  await warm.upload(1);
  const roundTripMs = await leastMs(() => warm.upload(1));
  expect(roundTripMs).toBeGreaterThan(2 * oneWayDelayMs - 2);
  return {
    freshStream: (await leastMs(() => freshStream(frameBytes))) / roundTripMs,
    warmStream: (await leastMs(() => warm.upload(frameBytes))) / roundTripMs,
    unary: (await leastMs(() => unary(frameBytes))) / roundTripMs,
  };
}

describe('a 150 KB frame over a link of 20 ms', () => {
  const bare = new Server();
  let bareAddress: string;
  beforeAll(async () => {
    bare.addService(definition, implementation);
    const port = await new Promise<number>((resolve, reject) =>
      bare.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    bareAddress = `127.0.0.1:${port}`;
  });
  afterAll(() => bare.forceShutdown());

  it('costs one round trip to a server of libs/rpc, on a fresh stream, on a warm one and as a unary call', async () => {
    await using server = await serve({
      listen: '127.0.0.1:0',
      services: [{ definition, implementation }],
      logger: silentLogger,
    });
    const trips = await roundTripsPerFrame(server.address);
    expect(trips.freshStream).toBeLessThan(1.5);
    expect(trips.warmStream).toBeLessThan(1.5);
    expect(trips.unary).toBeLessThan(1.5);
  });

  it('costs more to a server of grpc-js alone; once it does not, libs/rpc/src/flow-control.ts can go', async () => {
    const trips = await roundTripsPerFrame(bareAddress);
    expect(trips.freshStream).toBeGreaterThan(1.8);
    expect(trips.unary).toBeGreaterThan(1.8);
  });
});
