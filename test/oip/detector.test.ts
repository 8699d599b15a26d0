import { silentLogger } from '@weir/base';
import { exampleCell, type RunningCell, startCell } from '@weir/cell';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const python = process.env.WEIR_PYTHON ?? 'python3';
const fixture = new URL('../../libs/inference/fixtures/detector-8.onnx', import.meta.url).pathname;
const script = new URL('detector.py', import.meta.url).pathname;

const float = (name: string, shape: number[]) => ({ name, dtype: 'float32', shape });
const manifest = {
  manifestVersion: 1,
  family: 'detectors',
  variants: [
    {
      task: 'tensor',
      name: 'detector',
      file: 'detector.onnx',
      architecture: 'random weights',
      precision: 'fp32',
      bytes: 8_400,
      sha256: '0'.repeat(64),
      inputs: [{ ...float('images', [-1, 3, -1, -1]), example: [1, 3, 64, 64] }, float('threshold', [1])],
      outputs: [
        float('boxes', [-1, -1, 4]),
        float('scores', [-1, 5, -1]),
        { name: 'kept', dtype: 'int64', shape: [-1, 3] },
      ],
      accuracy: { declared: 0.372, measure: 'mAP 50-95' },
      referenceMs: 0.1,
    },
  ],
};

describe('a detector', () => {
  let cell: RunningCell;
  let models: string;
  beforeAll(async () => {
    models = await mkdtemp(join(tmpdir(), 'weir-oip-'));
    await copyFile(fixture, join(models, 'detector.onnx'));
    await writeFile(join(models, 'manifest.json'), JSON.stringify(manifest));
    cell = await startCell({ ...exampleCell({ devices: 1 }), models }, { logger: silentLogger });
  });
  afterAll(async () => {
    await cell?.[Symbol.asyncDispose]();
    await rm(models, { recursive: true });
  });

  it.each([
    ['edge-1', 'detector', 'onnxruntime_onnx'],
    ['device-1', 'detector', 'onnxruntime_onnx'],
    ['device-1', 'weir', 'weir'],
  ])("answers Triton's client at %s, asked as %s", async (process, model, platform) => {
    const { stdout } = await promisify(execFile)(python, [script, cell.address(process), model]);
    expect(JSON.parse(stdout)).toEqual({
      platform,
      inputs: { images: ['FP32', -1, 3, -1, -1], threshold: ['FP32', 1] },
      maxBatchSize: 0,
      outputs: { boxes: 'float32', scores: 'float32', kept: 'int64' },
      batch: [2, 2],
      only: ['boxes'],
      same: true,
      refusal: expect.stringContaining(`model '${model}' also needs 'threshold'`) as string,
    });
  });
});
