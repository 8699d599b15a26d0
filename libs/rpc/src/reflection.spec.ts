import { type Client, type ClientDuplexStream, loadPackageDefinition, type Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { silentLogger } from '@weir/base';
import { worker } from '@weir/proto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openDuplex } from './calls.ts';
import { type ClientClass, connect } from './connection.ts';
import { unary } from './handlers.ts';
import { serve } from './server.ts';

interface Answer {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: { fileDescriptorProto: Buffer[] };
  errorResponse?: { errorMessage: string };
}
interface ReflectionClient extends Client {
  ServerReflectionInfo(metadata: Metadata): ClientDuplexStream<Record<string, string>, Answer>;
}

const protoFolder = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/reflection')),
  '../proto/grpc/reflection',
);

const nothing = unary(() => worker.ListVariantsResponse.create());

it.each(['v1', 'v1alpha'])('lists the services and describes their messages (%s)', async (version) => {
  const implementation = { streamInfer: nothing, infer: nothing, listVariants: nothing };
  await using server = await serve({
    listen: '127.0.0.1:0',
    services: [{ definition: worker.InferenceWorkerService, implementation: implementation }],
    logger: silentLogger,
  });
  await using connection = connect(server.address);
  const definition = loadSync(join(protoFolder, version, 'reflection.proto'));
  const { grpc } = loadPackageDefinition(definition) as never as {
    grpc: { reflection: Record<string, { ServerReflection: ClientClass<ReflectionClient> }> };
  };
  const client = connection.client(grpc.reflection[version]!.ServerReflection);

  const duplex = openDuplex(client, client.ServerReflectionInfo.bind(client));
  void duplex.send({ listServices: '*' });
  void duplex.send({ fileContainingSymbol: 'weir.worker.v1.InferenceWorker' });
  void duplex.send({ fileContainingSymbol: 'weir.worker.v1.Nothing' });
  duplex.end();
  const answers: Answer[] = [];
  for await (const answer of duplex) answers.push(answer);

  expect(answers[0]!.listServicesResponse!.service.map(({ name }) => name).sort()).toEqual([
    'grpc.health.v1.Health',
    'weir.worker.v1.InferenceWorker',
  ]);
  const files = Buffer.concat(answers[1]!.fileDescriptorResponse!.fileDescriptorProto).toString('latin1');
  expect(files).toContain('InferRequest');
  expect(files).toContain('TraceContext');
  expect(answers[2]!.errorResponse!.errorMessage).toContain('not found');
});
