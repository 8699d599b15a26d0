import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { makeClientConstructor } from '@grpc/grpc-js';
import { silentLogger } from '@weir/base';
import { reflection, worker } from '@weir/proto';
import { contracts } from '@weir/proto/contracts';
import { describe, expect, it } from 'vitest';
import { openDuplex } from './calls.ts';
import { connect } from './connection.ts';
import { unary } from './handlers.ts';
import { serve } from './server.ts';

type Question = NonNullable<reflection.ServerReflectionRequest['messageRequest']>;
type Answer = NonNullable<reflection.ServerReflectionResponse['messageResponse']>;

const nothing = unary(() => worker.ListVariantsResponse.create());

/** The versions differ in their names alone. */
function clientOf(version: string) {
  const service = `grpc.reflection.${version}.ServerReflection`;
  const method = reflection.ServerReflectionService.serverReflectionInfo;
  const definition = {
    serverReflectionInfo: { ...method, path: `/${service}/ServerReflectionInfo` },
  };
  return makeClientConstructor(definition, service) as unknown as typeof reflection.ServerReflectionClient;
}

/** Asks a server of the worker's service, in one stream. */
async function ask(version: string, ...questions: (Question | undefined)[]): Promise<Answer[]> {
  await using server = await serve({
    listen: '127.0.0.1:0',
    services: [
      {
        definition: worker.InferenceWorkerService,
        implementation: { streamInfer: nothing, infer: nothing, listVariants: nothing },
      },
    ],
    logger: silentLogger,
  });
  await using connection = connect(server.address);
  const client = connection.client(clientOf(version));
  const duplex = openDuplex(client, client.serverReflectionInfo);
  for (const messageRequest of questions) void duplex.send({ host: '', messageRequest });
  duplex.end();
  const answers: Answer[] = [];
  for await (const { messageResponse } of duplex) answers.push(messageResponse!);
  return answers;
}

const symbol = (value: string): Question => ({ $case: 'fileContainingSymbol', value });
const filesOf = (answer: Answer | undefined): FileDescriptorProto[] => {
  if (answer?.$case !== 'fileDescriptorResponse') throw new Error(`no files: ${JSON.stringify(answer)}`);
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
};
const errorOf = (answer: Answer | undefined) =>
  answer?.$case === 'errorResponse' ? answer.value : undefined;

describe.each(['v1', 'v1alpha'])('server reflection (%s)', (version) => {
  it('lists the services, health and itself included', async () => {
    const [answer] = await ask(version, { $case: 'listServices', value: '*' });
    expect(answer).toMatchObject({ $case: 'listServicesResponse' });
    const { service } = (answer as Extract<Answer, { $case: 'listServicesResponse' }>).value;
    expect(service.map(({ name }) => name)).toEqual([
      'weir.worker.v1.InferenceWorker',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
  });

  it.each([
    'weir.worker.v1.InferenceWorker',
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
  ])('gives the file of %s as it was compiled, with everything that it imports', async (service) => {
    const [answer] = await ask(version, symbol(service));
    const files = filesOf(answer);
    const names = files.map(({ name }) => name);
    expect(files[0]).toEqual(contracts().getService(service)!.file.proto);
    for (const { syntax, dependency } of files) {
      expect(syntax).toBe('proto3');
      expect(names).toEqual(expect.arrayContaining(dependency));
    }
    const [file, ...imports] = files;
    const pool = createFileRegistry(file!, (name) => imports.find((each) => each.name === name));
    expect(pool.getService(service)?.methods).not.toEqual([]);
  });
});

describe('server reflection', () => {
  it('finds a file by its name, and by a type, a method or a field in it', async () => {
    const answers = await ask(
      'v1',
      { $case: 'fileByFilename', value: 'weir/worker/v1/worker.proto' },
      symbol('weir.worker.v1.InferRequest'),
      symbol('weir.worker.v1.InferenceWorker.Infer'),
      symbol('weir.worker.v1.InferRequest.request_id'),
    );
    for (const answer of answers) expect(filesOf(answer)[0]!.name).toBe('weir/worker/v1/worker.proto');
  });

  it('knows of no extensions', async () => {
    const [numbers, extension] = await ask(
      'v1',
      { $case: 'allExtensionNumbersOfType', value: 'weir.worker.v1.InferRequest' },
      {
        $case: 'fileContainingExtension',
        value: { containingType: 'weir.worker.v1.InferRequest', extensionNumber: 100 },
      },
    );
    expect(numbers).toMatchObject({ value: { extensionNumber: [] } });
    expect(errorOf(extension)).toMatchObject({ errorCode: 5 });
  });

  it('answers what follows a question that has no answer', async () => {
    const answers = await ask(
      'v1',
      symbol('weir.worker.v1.Nothing'),
      symbol('weir.worker.v1.InferenceWorker.Nothing'),
      symbol(''),
      { $case: 'fileByFilename', value: 'nothing.proto' },
      { $case: 'allExtensionNumbersOfType', value: 'weir.worker.v1.InferenceWorker' },
      undefined,
      symbol('weir.worker.v1.InferRequest'),
    );
    expect(answers.map((answer) => errorOf(answer)?.errorCode)).toEqual([5, 5, 5, 5, 5, 3, undefined]);
  });
});
