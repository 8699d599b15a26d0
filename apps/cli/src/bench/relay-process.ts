/** A process that only passes frames on to a worker, over the same gRPC as an agent: the least that an agent can cost. */
import { silentLogger, Unavailable } from '@weir/base';
import { worker } from '@weir/proto';
import { bidi, connect, openDuplex, serve, unary } from '@weir/rpc';

const connection = connect(process.argv[2]!);
const client = connection.client(worker.InferenceWorkerClient);
const notHere = unary(() => {
  throw new Unavailable('only streams are passed on');
});

const implementation = {
  streamInfer: bidi<worker.StreamInferRequest, worker.StreamInferResponse>(async (caller, { signal }) => {
    using there = openDuplex(client, client.streamInfer, { signal });
    const back = (async () => {
      for await (const answer of there) await caller.send(answer);
    })();
    for await (const request of caller) await there.send(request);
    there.end();
    await back;
  }),
  infer: notHere,
  listVariants: notHere,
};
const services = [{ definition: worker.InferenceWorkerService, implementation }];
const { address } = await serve({ listen: '127.0.0.1:0', services, logger: silentLogger });
process.stdout.write(`${JSON.stringify({ address })}\n`);
