import { NotFound } from '@weir/base';
import type { Classifier, Preprocessor } from '@weir/inference';
import { inference } from '@weir/proto';
import type { OipCall, OipServer } from './oip-server.ts';
import type { MappedModel } from './served-model.ts';

export const labels = ['shoe', 'shirt'];

/** A classifier of pictures of 2 × 2 pixels. */
export const classifier = (name: string): Classifier =>
  ({
    name,
    architecture: 'none',
    precision: 'fp32',
    bytes: 1,
    sha256: '0'.repeat(64),
    file: `${name}.onnx`,
    path: `/nowhere/${name}.onnx`,
    input: {
      name: 'pixels',
      layout: 'NCHW',
      shape: [1, 3, 2, 2],
      dynamicBatch: true,
      dtype: 'float32',
      colourOrder: 'RGB',
      mean: [0],
      std: [1],
    },
    output: { name: 'logits', kind: 'logits' },
    accuracy: { top1: 0.9, n: 100, interval95: [0.8, 0.95] },
    calibration: { temperature: 1 },
  }) satisfies Classifier;

export const mapped = (variant: string, name: string, version = ''): MappedModel => ({
  variant: classifier(variant),
  labels,
  model: { name, version },
  checksum: `sum of ${variant}`,
  named: true,
});

export const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

/** Makes the same tensor of every picture, in no time. */
export const preprocessor: Preprocessor = {
  prepare: async () => ({ tensor: floats(...Array<number>(12).fill(1)), decodeMs: 2 }),
  async [Symbol.asyncDispose]() {},
};

const tensor = (name: string, shape: number[]) => ({ name, datatype: 'FP32', shape: shape.map(BigInt) });

export const logits = (values: readonly number[], shape = [1, values.length]): inference.ModelInferResponse =>
  inference.ModelInferResponse.create({
    outputs: [{ ...tensor('logits', shape), parameters: {}, contents: undefined }],
    rawOutputContents: [floats(...values)],
  });

interface Asked {
  readonly request: inference.ModelInferRequest;
  readonly call: OipCall;
}

/** A server that does as it is told. */
export class ScriptedServer implements OipServer {
  connected = true;
  lives: () => Promise<boolean> = async () => true;
  /** By name; what else is asked for is not there. */
  models = new Map<string, Partial<inference.ModelMetadataResponse>>();
  isReady = true;
  configs = new Map<string, Partial<inference.ModelConfig>>();
  statisticsOf: () => Promise<readonly inference.ModelStatistics[]> = async () => [];
  /** All inferences, trials included. */
  readonly asked: Asked[] = [];
  answer: (asked: Asked) => Promise<inference.ModelInferResponse> = async () => logits([0, 2]);

  constructor(...models: string[]) {
    for (const name of models)
      this.models.set(name, {
        inputs: [tensor('pixels', [-1, 3, 2, 2])],
        outputs: [tensor('logits', [-1, 2])],
      });
  }

  /** Those for frames. */
  get frames(): readonly Asked[] {
    return this.asked.filter(({ request }) => !request.id.startsWith('trial'));
  }

  live = () => this.lives();
  ready = async () => this.isReady;
  async metadata({ name }: { name: string }) {
    const model = this.models.get(name);
    if (!model) throw new NotFound(`no ${name}`);
    return inference.ModelMetadataResponse.create({ name, ...model });
  }
  config = async ({ name }: { name: string }) =>
    inference.ModelConfig.create({ name, ...this.configs.get(name) });
  statistics = () => this.statisticsOf();
  infer(request: inference.ModelInferRequest, call: OipCall) {
    const asked = { request, call };
    this.asked.push(asked);
    return this.answer(asked);
  }
}
