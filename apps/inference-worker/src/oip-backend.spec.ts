import { inference, worker as contract } from '@weir/proto';
import { callUnary } from '@weir/rpc';
import { describe, expect, it } from 'vitest';
import {
  image,
  labelledSamples,
  other,
  request,
  sample,
  small,
  startWorker,
  tensor,
} from './worker.fixture.ts';
import { oipBackend } from './oip-backend.ts';

async function start(argv: readonly string[] = []) {
  const started = await startWorker(argv);
  const oip = started.connection.client(inference.GRPCInferenceServiceClient);
  const infer = (fields: Partial<inference.ModelInferRequest>, options = {}) =>
    callUnary(
      oip,
      oip.modelInfer,
      inference.ModelInferRequest.create({ modelName: small.name, ...fields }),
      options,
    );
  return { ...started, oip, infer };
}

const asBytes = (file: Buffer) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(file.length);
  return Buffer.concat([length, file]);
};
const picture = (file: Buffer) => ({
  inputs: [{ name: 'image', datatype: 'BYTES', shape: [1n, 1n], parameters: {}, contents: undefined }],
  rawInputContents: [asBytes(file)],
});

describe('a worker asked by the Open Inference Protocol', () => {
  it('lists its variants as models, with the shapes of their tensors', async () => {
    await using worker = await start();
    const { oip } = worker;
    const { models } = await callUnary(oip, oip.repositoryIndex, { repositoryName: '', ready: true });
    expect(models.map(({ name }) => name)).toEqual([small.name, other.name]);
    const metadata = await callUnary(oip, oip.modelMetadata, { name: small.name, version: '' });
    expect(metadata.inputs).toEqual([
      { name: small.input.name, datatype: 'FP32', shape: [-1n, ...small.input.shape.slice(1).map(BigInt)] },
    ]);
    expect(metadata.outputs).toMatchObject([{ name: small.output.name, datatype: 'FP32' }]);
  });

  it('says of a picture what it says by its own contract, with the scores of all classes', async () => {
    await using worker = await start();
    const [{ file, label }] = labelledSamples() as [{ file: string; label: string }];
    const own = await callUnary(worker.client, worker.client.infer, request({ input: image(sample(file)) }));
    const answer = await worker.infer({ id: 'r1', ...picture(sample(file)) });
    expect(answer.parameters.weir_label).toEqual({
      parameterChoice: { $case: 'stringParam', value: own.classification!.label },
    });
    const scores = new Float32Array(Uint8Array.from(answer.rawOutputContents[0]!).buffer);
    expect(scores.indexOf(Math.max(...scores))).toBe(own.classification!.classIndex);
    expect(answer).toMatchObject({ id: 'r1', modelName: small.name, modelVersion: '1' });
    expect(label).toBe(own.classification!.label);
  });

  it('tells as waiting all that it spent besides decoding and computing, as its trace does', async () => {
    const spent = { queueMs: 1, decodeMs: 2, computeMs: 10, workerMs: 20 };
    const infer = async () => contract.InferResponse.create(spent);
    const models = { runner: { variants: [], labels: [] }, retired: () => [] };
    const backend = oipBackend({ infer }, { nodeId: 'edge-1', slots: 1, models });
    type Asked = Parameters<typeof backend.infer>;
    const { times, facts } = await backend.infer({ model: small } as unknown as Asked[0], {} as Asked[1]);
    expect(times).toEqual({ queueMs: 8, decodeMs: 2, computeMs: 10 });
    expect(facts).toMatchObject({ weir_queue_ms: 8, weir_decode_ms: 2, weir_compute_ms: 10 });
  });

  it('takes its tensor, and refuses another in words of the protocol', async () => {
    await using worker = await start();
    const { content } = tensor();
    const { shape, data } = content!.value as { shape: number[]; data: Uint8Array };
    const { name } = small.input;
    const inputs = [
      { name, datatype: 'FP32', shape: shape.map(BigInt), parameters: {}, contents: undefined },
    ];
    const answer = await worker.infer({ inputs, rawInputContents: [data] });
    expect(answer.outputs).toMatchObject([{ name: small.output.name }]);
    const cut = [{ ...inputs[0]!, shape: [1n, 1n] }];
    await expect(worker.infer({ inputs: cut, rawInputContents: [data.subarray(0, 4)] })).rejects.toThrow(
      `unexpected shape for input '${name}' for model '${small.name}'`,
    );
  });

  it('refuses at once what its queue cannot answer in time, and gives up what its caller no longer wants', async () => {
    // Long enough that a busy machine does not take it for what has passed already.
    const factor = String(1_500 / small.referenceMs!);
    await using worker = await start(['--dilation-factor', factor, '--variants', small.name]);
    const { file } = labelledSamples()[0]!;
    const running = worker.infer(picture(sample(file)));
    const timeout = { parameterChoice: { $case: 'int64Param', value: 700_000n } } as const;
    const late = worker.infer({ ...picture(sample(file)), parameters: { timeout } });
    await expect(late).rejects.toMatchObject({ reason: 'DEADLINE_UNREACHABLE' });
    const caller = new AbortController();
    const unwanted = worker.infer(picture(sample(file)), { signal: caller.signal });
    caller.abort();
    await expect(unwanted).rejects.toMatchObject({ status: 'CANCELLED' });
    await running;
    const { oip } = worker;
    const asked = { name: small.name, version: '' };
    const { modelStats } = await callUnary(oip, oip.modelStatistics, asked);
    expect(modelStats).toMatchObject([{ inferenceCount: 1n }]);
  });
});
