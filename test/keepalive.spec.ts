import { silentLogger } from '@weir/base';
import { startLink } from '@weir/link';
import { worker } from '@weir/proto';
import { bidi, connect, openDuplex, serve, unary } from '@weir/rpc';
import { describe, expect, it } from 'vitest';

/** A PING frame of HTTP/2, or the answer to one. */
const pingBytes = 17;

async function startEcho() {
  const { promise: lost, resolve: noticeLoss } = Promise.withResolvers<unknown>();
  const server = await serve({
    listen: '127.0.0.1:0',
    services: [
      {
        definition: worker.InferenceWorkerService,
        implementation: {
          infer: unary(() => worker.InferResponse.create()),
          listVariants: unary(() => worker.ListVariantsResponse.create()),
          streamInfer: bidi<worker.StreamInferRequest, worker.StreamInferResponse>(
            async (stream, { signal }) => {
              signal.addEventListener('abort', () => noticeLoss(signal.reason));
              for await (const { message } of stream)
                if (message?.$case === 'ping')
                  await stream.send({
                    message: { $case: 'pong', value: { sequence: message.value.sequence, workerMs: 0 } },
                  });
            },
          ),
        },
      },
    ],
    drainGraceMs: 100,
    logger: silentLogger,
  });
  return { server, lost };
}
const ping: worker.StreamInferRequest = {
  message: { $case: 'ping', value: { sequence: 1, payload: Buffer.alloc(0) } },
};

describe.concurrent('keepalive', { timeout: 60_000 }, () => {
  it('tells both sides of a silent stream when the path between them has gone dead', async () => {
    const { server, lost } = await startEcho();
    await using _server = server;
    await using link = await startLink({ target: server.address });
    await using connection = connect(link.address);
    const client = connection.client(worker.InferenceWorkerClient);
    const stream = openDuplex(client, client.streamInfer);
    await stream.send(ping);
    const answers = stream[Symbol.asyncIterator]();
    expect(await answers.next()).toMatchObject({ done: false });

    link.cut('blackhole');
    // Without keepalive neither would notice before TCP gives up, after minutes.
    await expect(answers.next()).rejects.toMatchObject({ status: 'UNAVAILABLE' });
    await lost;
  });

  it('leaves a silent stream on a live path alone', async () => {
    const { server } = await startEcho();
    await using _server = server;
    await using link = await startLink({ target: server.address });
    await using connection = connect(link.address);
    const client = connection.client(worker.InferenceWorkerClient);
    const stream = openDuplex(client, client.streamInfer);
    const answers = stream[Symbol.asyncIterator]();
    await stream.send(ping);
    expect(await answers.next()).toMatchObject({ done: false });
    const quiet = link.stats();
    const passed = () => {
      const { up, down } = link.stats();
      return Math.min(up.bytes - quiet.up.bytes, down.bytes - quiet.down.bytes);
    };
    // Two pings of each side, and their answers.
    await expect.poll(passed, { timeout: 50_000, interval: 200 }).toBeGreaterThanOrEqual(4 * pingBytes);
    await stream.send(ping);
    expect(await answers.next()).toMatchObject({ done: false });
  });
});
