import { InvalidInput, Unavailable, silentLogger } from '@weir/base';
import { agent, common } from '@weir/proto';
import { type DuplexStream, bidi, serve, toStatus, unary } from '@weir/rpc';
import { describe, expect, it } from 'vitest';
import { connectAgent } from './agent-client.ts';

type Stream = DuplexStream<agent.StreamInferRequest, agent.StreamInferResponse>;

/** A DeviceAgent that answers each picture of n bytes with class n, and refuses empty ones. */
async function startAgent(listen = '127.0.0.1:0', streamInfer = answer) {
  const refuse = unary(() => Promise.reject(new Unavailable('not here')));
  const server = await serve({
    listen,
    services: [
      {
        definition: agent.DeviceAgentService,
        implementation: {
          streamInfer: bidi(streamInfer),
          infer: refuse,
          getStatus: refuse,
          getObjective: refuse,
          setObjective: refuse,
        },
      },
    ],
    logger: silentLogger,
    drainGraceMs: 100,
  });
  server.setServing(true);
  return server;
}

async function answer(stream: Stream) {
  for await (const { message } of stream) {
    if (message?.$case !== 'infer') continue;
    const { requestId, input } = message.value;
    const size = input?.content?.$case === 'encodedImage' ? input.content.value.length : 0;
    const result = agent.InferResponse.fromPartial({ requestId, classification: { classIndex: size } });
    const failure = {
      requestId,
      status: toStatus(new InvalidInput([{ field: 'input', description: 'empty' }])),
    };
    await stream.send({
      message: size > 0 ? { $case: 'result', value: result } : { $case: 'failure', value: failure },
    });
  }
}

describe('connectAgent', () => {
  it('matches answers to frames, and fails a frame alone', async () => {
    await using server = await startAgent();
    await using client = connectAgent(server.address);
    const frames = [3, 0, 7].map((size) => client.infer({ image: new Uint8Array(size) }));
    const [three, none, seven] = await Promise.allSettled(frames);
    expect(three).toMatchObject({ value: { classification: { classIndex: 3 } } });
    expect(none).toMatchObject({ reason: expect.any(InvalidInput) as unknown });
    expect(seven).toMatchObject({ value: { classification: { classIndex: 7 } } });
  });

  it('refuses a picture that is too large before it is sent, and the others are answered', async () => {
    await using server = await startAgent();
    await using client = connectAgent(server.address);
    const sizes = [3, 20_000_000, 7];
    const [three, tooLarge, seven] = await Promise.allSettled(
      sizes.map((size) => client.infer({ image: new Uint8Array(size) })),
    );
    expect(three).toMatchObject({ value: { classification: { classIndex: 3 } } });
    const violations = [
      { field: 'input.encoded_image', description: expect.stringMatching(/4194304/) as string },
    ];
    expect(tooLarge).toMatchObject({ reason: { violations } });
    expect(seven).toMatchObject({ value: { classification: { classIndex: 7 } } });
  });

  it('sends tensors, and refuses those that are too large before they are sent', async () => {
    const received: agent.InferRequest[] = [];
    await using server = await startAgent('127.0.0.1:0', async (stream) => {
      for await (const { message } of stream) {
        if (message?.$case !== 'infer') continue;
        received.push(message.value);
        const value = agent.InferResponse.fromPartial({ requestId: message.value.requestId });
        await stream.send({ message: { $case: 'result', value } });
      }
    });
    await using client = connectAgent(server.address);
    const tensors = (bytes: number) => [
      { name: 'x', tensor: { shape: [bytes], dataType: common.DataType.UINT8, data: Buffer.alloc(bytes) } },
    ];
    await expect(client.infer({ tensors: tensors(20_000_000) })).rejects.toThrow(/input\.tensors.*8323072/);
    await client.infer({ tensors: tensors(3) });
    expect(received.map(({ input }) => input?.content)).toEqual([
      { $case: 'tensors', value: { tensors: tensors(3) } },
    ]);
  });

  it('fails open frames when the agent goes, and finds it again when it is back', async () => {
    const arrived = Promise.withResolvers<void>();
    const first = await startAgent('127.0.0.1:0', async (stream) => {
      for await (const _ of stream) arrived.resolve();
    });
    await using client = connectAgent(first.address);
    const lost = client.infer({ image: new Uint8Array(1) });
    const failed = expect(lost).rejects.toThrow();
    await arrived.promise;
    await first[Symbol.asyncDispose]();
    await failed;
    await using _ = await startAgent(first.address);
    await expect(client.infer({ image: new Uint8Array(2) })).resolves.toMatchObject({
      classification: { classIndex: 2 },
    });
  });
});
