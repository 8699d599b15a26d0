import { InvalidInput, silentLogger } from '@weir/base';
import { type AgentClient, connectAgent, exampleCell, type RunningCell, startCell } from '@weir/cell';
import { common, worker } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { detectorInputs, importDetectors } from './support/detectors.ts';
import { weir } from './support/weir.ts';

const scene = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));

describe('a family of detectors', () => {
  let family: Awaited<ReturnType<typeof importDetectors>>;
  beforeAll(async () => (family = await importDetectors()), 120_000);
  afterAll(() => family[Symbol.asyncDispose]());

  it('runs through weir up, with its accuracy as declared and nothing claimed to be right', async () => {
    const argv = ['--models', family.directory, '--devices', '1', '--requests', '40', '--json'];
    const { code, stdout } = await weir('up', ...argv).ended;
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as { accuracy: { expected: number } };
    expect(summary).toMatchObject({
      requests: 40,
      succeeded: 40,
      accuracy: { top1: null, measured: null, audits: null },
      looks: { escalationShare: 0 },
      emulated: expect.arrayContaining(['inputs: random tensors']) as unknown,
    });
    expect(summary.accuracy.expected).toBeGreaterThanOrEqual(0.31);
    expect(summary.accuracy.expected).toBeLessThanOrEqual(0.3721);
  }, 120_000);

  it('answers at the edge with all outputs, where its worker lists what it takes, what it gives and what its accuracy is', async () => {
    await using cell = await start({ devices: ['none'] });
    await answers(cell, 'edge-1');
    await isListed(cell);
  }, 120_000);

  it('answers on the device likewise', async () => {
    await using cell = await start({ nodes: [] });
    await answers(cell, 'device-1');
  }, 120_000);

  /** All outputs, of the shape that the input has; what is wrong with others is said. */
  const answers = async (cell: RunningCell, nodeId: string) => {
    await using client = connectAgent(cell.devices[0]!.address);
    const answer = await detected(client, 96);
    expect(answer).toMatchObject({
      classification: undefined,
      placement: { nodeId, variant: expect.stringMatching(/^detector-/) as string },
      expectedAccuracy: expect.any(Number) as number,
      looks: [{ failure: '', classification: undefined }],
    });
    const { FLOAT32, INT64 } = common.DataType;
    expect(answer.outputs.map(({ name, tensor }) => [name, tensor!.dataType, tensor!.shape])).toEqual([
      ['boxes', FLOAT32, [1, 36, 4]],
      ['scores', FLOAT32, [1, 5, 36]],
      ['kept', INT64, [expect.any(Number), 3]],
    ]);
    // Another size of the same model.
    expect((await detected(client, 128)).outputs[0]!.tensor!.shape).toEqual([1, 64, 4]);

    const [images, threshold] = detectorInputs(96) as [common.NamedTensor, common.NamedTensor];
    const wrong = { ...images, tensor: { ...images.tensor!, shape: [1, 1, 3 * 96, 96] } };
    for (const [tensors, field] of [
      [[wrong, threshold], 'input.tensors[images].shape'],
      [[images], 'input.tensors[threshold]'],
      [[images, { ...threshold, name: 'sureness' }], 'input.tensors[sureness]'],
    ] as const)
      expect(await faultsOf(client.infer({ tensors, timeoutMs: 10_000 }))).toContain(field);
    expect(await faultsOf(client.infer({ image: scene, timeoutMs: 10_000 }))).toEqual([
      'input.encoded_image',
    ]);
    expect((await client.status()).targets.every(({ ejection }) => ejection === '')).toBe(true);
  };

  const isListed = async (cell: RunningCell) => {
    await using connection = connect(cell.address('edge-1'));
    const client = connection.client(worker.InferenceWorkerClient);
    const { labels, variants } = await callUnary(client, client.listVariants, {}, { timeoutMs: 5_000 });
    expect(labels).toEqual([]);
    expect(variants.find(({ name }) => name === 'detector-16')).toMatchObject({
      task: 'tensor',
      accuracy: 0.372,
      accuracyMeasure: 'mAP 50-95',
      inputs: [
        { name: 'images', dataType: common.DataType.FLOAT32, dimensions: [-1, 3, -1, -1] },
        { name: 'threshold', dimensions: [1] },
      ],
      outputs: [{ name: 'boxes' }, { name: 'scores' }, { name: 'kept', dataType: common.DataType.INT64 }],
      inputShape: [],
    });
  };

  /** `devices`: which variants they run; `nodes`: other nodes than the example's. */
  async function start({
    devices: variants,
    nodes,
  }: {
    readonly devices?: readonly string[];
    readonly nodes?: readonly [];
  }): Promise<RunningCell> {
    const example = exampleCell({ devices: 1, accuracyFloor: 0.3 });
    return startCell(
      {
        ...example,
        models: family.directory,
        devices: example.devices.map((device) => ({
          ...device,
          ...(variants && { variants: [...variants] }),
        })),
        nodes: nodes ? [...nodes] : example.nodes.filter(({ id }) => id === 'edge-1'),
      },
      { logger: silentLogger },
    );
  }
});

/** Asks until a node is reached. */
const detected = (client: AgentClient, side: number) =>
  vi.waitFor(() => client.infer({ tensors: detectorInputs(side), timeoutMs: 10_000 }), { timeout: 30_000 });

async function faultsOf(answer: Promise<unknown>): Promise<string[]> {
  const error = await answer.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InvalidInput);
  return (error as InvalidInput).violations.map(({ field }) => field);
}
