import { common } from '@weir/proto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { weir } from './weir.ts';

const fixture = (name: string) =>
  new URL(`../../libs/inference/fixtures/${name}.onnx`, import.meta.url).pathname;

/** A family of two detectors of random weights, imported as a user imports them; disposing removes it. */
export async function importDetectors(): Promise<{ readonly directory: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-detectors-'));
  for (const [name, accuracy] of [
    ['detector-8', '0.31'],
    ['detector-16', '0.372'],
  ] as const) {
    const flags = [
      '--accuracy',
      accuracy,
      '--measure',
      'mAP 50-95',
      '--shape',
      'images=1x3x128x128',
      '--runs',
      '5',
    ];
    const argv = ['models', 'import', fixture(name), '--task', 'tensor', ...flags, '--into', directory];
    const { code, stderr } = await weir(...argv).ended;
    if (code !== 0) throw new Error(stderr);
  }
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

const floats = (name: string, shape: number[], value: number): common.NamedTensor => {
  const elements = shape.reduce((product, size) => product * size, 1);
  const data = Buffer.from(new Float32Array(elements).fill(value).buffer);
  return { name, tensor: { shape, dataType: common.DataType.FLOAT32, data } };
};

/** What a detector is asked: a gray picture, and how sure a box must be. */
export const detectorInputs = (side: number): common.NamedTensor[] => [
  floats('images', [1, 3, side, side], 0.5),
  floats('threshold', [1], 0.1),
];
