import { loadConfig, silentLogger } from '@weir/base';
import { type Classifier, embeddedFamilyDirectory, loadFamily } from '@weir/inference';
import { common, worker } from '@weir/proto';
import { connect, openDuplex } from '@weir/rpc';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startInferenceWorker } from './app.ts';
import { configSpec } from './config.ts';
import { testPicture } from './calibration.ts';

/** The smallest variants of the embedded family, for quick tests. */
export const [small, other] = (await loadFamily()).variants.toSorted((a, b) => a.bytes - b.bytes) as [
  Classifier,
  Classifier,
];

export const picture = Buffer.from(await testPicture(small.input));
export const sample = (name: string): Buffer => readFileSync(join(embeddedFamilyDirectory, 'samples', name));

export const labelledSamples = () =>
  JSON.parse(sample('labels.json').toString()) as { file: string; label: string }[];

export const image = (bytes: Buffer): common.Input => ({ content: { $case: 'encodedImage', value: bytes } });
export const tensor = (fields: Partial<common.Tensor> = {}): common.Input => {
  const { shape, dtype } = small.input;
  const elements = shape.reduce((product, dimension) => product * dimension, 1);
  return {
    content: {
      $case: 'tensor',
      value: {
        shape: [...shape],
        dataType: dtype === 'uint8' ? common.DataType.UINT8 : common.DataType.FLOAT32,
        data: Buffer.alloc(elements * (dtype === 'uint8' ? 1 : 4)),
        ...fields,
      },
    },
  };
};

let requests = 0;
/** A valid request, but for the fields given. */
export const request = (fields: Partial<worker.InferRequest> = {}): worker.InferRequest => ({
  requestId: `r${++requests}`,
  variant: small.name,
  input: image(picture),
  timeoutMs: 0,
  trace: undefined,
  background: false,
  wantOutputs: false,
  ...fields,
});

/** A worker of the embedded family on a free port, and a client connected to it. */
export async function startWorker(argv: readonly string[] = []) {
  const variants = argv.includes('--variants') ? [] : ['--variants', `${small.name},${other.name}`];
  const config = loadConfig(configSpec, { argv: [...variants, ...argv], env: {} });
  const app = await startInferenceWorker(config, { logger: silentLogger });
  const connection = connect(app.address);
  return {
    app,
    connection,
    client: connection.client(worker.InferenceWorkerClient),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

type Answer = NonNullable<worker.StreamInferResponse['message']>;

/** A StreamInfer call that separates loads from answers. */
export function openStream(client: worker.InferenceWorkerClient) {
  const duplex = openDuplex(client, client.streamInfer);
  const loads: common.NodeLoad[] = [];
  const answers = duplex[Symbol.asyncIterator]();
  const say = (message: NonNullable<worker.StreamInferRequest['message']>) => duplex.send({ message });
  return {
    duplex,
    loads,
    infer: (value: worker.InferRequest) => say({ $case: 'infer', value }),
    cancel: (requestId: string) => say({ $case: 'cancel', value: { requestId } }),
    ping: (sequence: number, payload = Buffer.alloc(0)) =>
      say({ $case: 'ping', value: { sequence, payload } }),
    /** The next answer that is no load; undefined when the stream has ended. */
    async next(): Promise<Answer | undefined> {
      for (;;) {
        const next = await answers.next();
        if (next.done) return undefined;
        const { message } = next.value;
        if (message?.$case !== 'load') return message;
        loads.push(message.value);
      }
    },
    [Symbol.dispose]: () => duplex.cancel(),
  };
}

/** What an answer says in short: the label of a result or the code of a failure. */
export const codeOf = (answer: Answer | undefined): number | string | undefined =>
  answer?.$case === 'failure' ? answer.value.status?.code : answer?.$case;
